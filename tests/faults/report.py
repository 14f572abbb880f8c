"""The table of a script of trials, written while it grows."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def report(
    columns: Sequence[str], trials: Iterable[tuple[str, Callable[[], Sequence[object]]]], out: Path | None
) -> int:
    """Makes the trials, and prints a row of a Markdown table for each.

    Args:
        columns: the table's heads.
        trials: the first cell of a row, and a function that gives the other cells. By AssertionError it says what went
            wrong.
        out: the table's file, written anew with each row; None writes none.

    Returns:
        The exit code: 1 if a trial went wrong.
    """
    lines, failed = [_row(columns), _row("---" for _ in columns)], 0
    for title, trial in trials:
        try:
            cells = [title, *trial()]
        except AssertionError as error:
            failed = 1
            cells = [title, *[""] * (len(columns) - 2), f"**{str(error)[:300]}**"]
        lines.append(_row(cells))
        print(lines[-1], flush=True)
        if out:
            out.write_text("\n".join(lines) + "\n")
    return failed


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', '/').replace(chr(10), ' ') for cell in cells)} |"
