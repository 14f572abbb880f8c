"""The rooms of the house, read from every import of the package; writes their table and drawing into the docs.

    python -m tests.rooms          # rewrites docs/architecture.md's table and docs/rooms.svg

Lazy imports and imports for type checking count like all others, and so do those by `importlib`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE, DRAWING = ROOT / "docs" / "architecture.md", ROOT / "docs" / "rooms.svg"
BEGIN, END = "<!-- rooms: written by `python -m tests.rooms` -->", "<!-- end of rooms -->"

GROUND = ("cli", "environment", "files", "noise", "seeds", "registration", "errors")
COMMANDS = ("run", "sample", "evaluate", "reexport", "report", "progress")
# What stands alone in its room: it imports nothing of the room, so that others may import it without the rest.
LIGHT = {
    "ganzoo.data.names": "data.names",
    "ganzoo.export.inputs": "export.inputs",
    "ganzoo.networks": "networks.names",
}


class Room(NamedTuple):
    """What a room holds, and the rooms that it may import beside the ground."""

    holds: str
    may_import: tuple[str, ...]


TABLE = {
    "playground": Room(
        "a run as a page that draws and rejects in the browser",
        ("reports", "export", "bases", "networks", "export.inputs"),
    ),
    "reports": Room(
        "the page of a run, and the page that compares runs",
        ("tasks", "training", "evaluation", "models", "serving", "zoo", "pictures", "data"),
    ),
    "tasks": Room(
        "what a run does with a model, from the data to the report: for models that sample, for translators, and in a "
        "notebook",
        ("training", "export", "evaluation", "density_ratio", "models", "serving", "bases", "zoo", "pictures", "data"),
    ),
    "training": Room(
        "the loop, callbacks, checkpoints, trackers, strategies", ("evaluation", "bases", "zoo", "pictures", "data")
    ),
    "export": Room(
        "a model as a SavedModel: signatures, their inputs and checks, warm-up, other formats",
        ("density_ratio", "bases", "networks", "sampling", "export.inputs", "data.names"),
    ),
    "evaluation": Room("metrics, one file each; suites that pick them; reports", ("serving", "pictures", "data")),
    "density_ratio": Room("estimates of log p_data/p_g, calibrated", ("bases", "networks", "losses", "data")),
    "models": Room("objectives, one file each", ("bases", "zoo", "networks", "losses", "sampling")),
    "serving": Room(
        "an export from outside: loaded, asked at a server, drawn from in bulk",
        ("pictures", "data", "export.inputs"),
    ),
    "bases": Room("what every model is: steps, optimizers, averages", ("zoo", "data", "sampling", "networks")),
    "zoo": Room("entries by name, recipes, users' own files", ("data.names", "networks.names")),
    "pictures": Room("samples drawn, and written to files", ("data",)),
    "data": Room("sources of reals, parts that never mix, batches", ("data.names",)),
    "networks": Room("families of networks and their layers", ("networks.names",)),
    "losses": Room("losses and penalties", ()),
    "sampling": Room("the samplers on callables, without Keras", ()),
    "export.inputs": Room("the inputs of signatures by name", ()),
    "data.names": Room("the sources by name, without NumPy", ()),
    "networks.names": Room("the families by name, without Keras", ()),
}


class Import(NamedTuple):
    """One import: from a module to a module, both with the package's name."""

    module: str
    target: str


def modules() -> dict[str, Path]:
    """All modules of the package by name."""
    files = sorted((ROOT / "ganzoo").rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports() -> list[Import]:
    """Every import of one module of the package by another, the lazy, type-checking and `importlib` ones included."""
    known = modules()
    found = []
    for module, file in known.items():
        for target in _targets(ast.parse(file.read_text()), known):
            found.append(Import(module, target))
    return found


def _targets(tree: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield from _own(full if full in known else node.module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _own(alias.name)
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__", "run_module"):
            yield from _own(beginning(node.args[0]).rstrip("."))


def _own(module: str) -> Iterator[str]:
    if module.partition(".")[0] == "ganzoo":
        yield module


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def beginning(argument: ast.expr) -> str:
    """What the name of a module begins with, as far as it stands in the source."""
    if isinstance(argument, ast.JoinedStr):
        argument = argument.values[0]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def room_of(module: str) -> str:
    """The room of a module; "ganzoo" for the package itself, which is a table of public names."""
    if module in LIGHT:
        return LIGHT[module]
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "ganzoo"


def edges() -> dict[str, set[str]]:
    """The rooms that each room imports, the ground and itself left out."""
    found: dict[str, set[str]] = {name: set() for name in TABLE}
    for module, target in imports():
        room, other = room_of(module), room_of(target)
        if room in found and other in found and room != other:
            found[room].add(other)
    return found


def levels() -> dict[str, int]:
    """How many rooms stand one upon another below each room; raises where there is a circle."""
    below = edges()
    found: dict[str, int] = {}

    def level(room: str, path: tuple[str, ...] = ()) -> int:
        if room in path:
            raise ValueError(f"a circle of rooms: {' -> '.join([*path, room])}")
        if room not in found:
            found[room] = 1 + max((level(other, (*path, room)) for other in below[room]), default=0)
        return found[room]

    for room in TABLE:
        level(room)
    return found


def table() -> str:
    """The rooms as a table in Markdown, from the top."""
    lines = ["| room | holds | imports |", "|---|---|---|"]
    commands = ", ".join(f"`{name}`" for name in COMMANDS)
    lines.append(f"| {commands} | the commands, and nothing else | all rooms |")
    below = edges()
    for name, room in TABLE.items():
        others = ", ".join(f"`{other}`" for other in TABLE if other in below[name]) or "-"
        lines.append(f"| `{name}` | {room.holds} | {others} |")
    ground = ", ".join(f"`{name}`" for name in GROUND)
    lines.append(f"| {ground} | the ground: every room may import it | - |")
    return "\n".join(lines)


def drawing() -> str:
    """The rooms as SVG, a row for each level; an arrow leads to each imported room that no other arrow leads to."""
    below, level = edges(), levels()
    reach = {room: set().union(*(_all_below(other, below) for other in below[room])) for room in below}
    rows: dict[int, list[str]] = {}
    for room in TABLE:
        rows.setdefault(level[room], []).append(room)
    width, height, gap_x, gap_y = 118, 34, 22, 44
    widest = max(map(len, rows.values()))
    total_width = widest * (width + gap_x) + gap_x
    top = max(rows)
    place = {}
    for number, rooms in rows.items():
        left = (total_width - len(rooms) * (width + gap_x) + gap_x) / 2
        for column, room in enumerate(rooms):
            place[room] = (left + column * (width + gap_x), gap_x + (top + 1 - number) * (height + gap_y))
    bottom = gap_x + (top + 1) * (height + gap_y)
    bars = [("commands: " + ", ".join(COMMANDS), gap_x), ("the ground: " + ", ".join(GROUND), bottom)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {bottom + height + gap_x}" '
        'font-family="sans-serif" font-size="13">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#607d8b"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for room, others in below.items():
        for other in sorted(others - reach[room]):
            (x1, y1), (x2, y2) = place[room], place[other]
            lines.append(
                f'<line x1="{x1 + width / 2:g}" y1="{y1 + height:g}" x2="{x2 + width / 2:g}" y2="{y2:g}" '
                'stroke="#607d8b" marker-end="url(#head)"/>'
            )
    for room, (x, y) in place.items():
        shape = f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="6" fill="#e3f2fd" stroke="#1565c0"/>'
        lines.append(shape)
        lines.append(f'<text x="{x + width / 2:g}" y="{y + 22:g}" text-anchor="middle">{room}</text>')
    for text, y in bars:
        lines.append(
            f'<rect x="{gap_x}" y="{y:g}" width="{total_width - 2 * gap_x}" height="{height}" rx="6" fill="#eceff1" '
            'stroke="#607d8b"/>'
        )
        lines.append(f'<text x="{total_width / 2:g}" y="{y + 22:g}" text-anchor="middle">{text}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _all_below(room: str, below: dict[str, set[str]]) -> set[str]:
    return below[room].union(*(_all_below(other, below) for other in below[room]))


def written(page: str) -> str:
    """The page with the table of today's imports in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    DRAWING.write_text(drawing())
    print(f"written: {PAGE.relative_to(ROOT)}, {DRAWING.relative_to(ROOT)}")
