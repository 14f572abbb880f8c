"""A page that lays runs side by side: runs of one recipe and config form a group, with their spread over seeds."""

import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ganzoo.errors import GanzooError
from ganzoo.evaluation.sampling_report import NOT_SAMPLERS
from ganzoo.files import whole
from ganzoo.reports import curves, embedded, page, stored, words
from ganzoo.reports.curves import number
from ganzoo.reports.stored import Run
from ganzoo.tasks.workdirs import FREE
from ganzoo.zoo import values

GRIDS_BYTES, CURVES_BYTES = 2_400_000, 1_500_000  # of all runs together
POINT = 12  # bytes of a curve's point on the page


class Group(NamedTuple):
    """Runs that differ in their seeds alone, or in what does not change a training.

    Attributes:
        title: the model and the data, and what tells this group from others of the same entry.
        runs: its runs, by seed.
        note: what a reader should know of the group; may be empty.
    """

    title: str
    runs: list[Run]
    note: str


def write(workdirs: Sequence[str | Path], out: str | Path) -> Path:
    """Writes the page that compares runs, whole or not at all, and returns its path.

    Args:
        workdirs: the runs' folders, two or more, of one task.
        out: the page.

    Raises:
        GanzooError: for fewer than two runs, for a folder that is given twice or holds no run, and for runs of
            different tasks.
    """
    text = html(read(workdirs))
    with whole(out) as beside:
        beside.write_text(text, encoding="utf-8")
    return Path(out)


def read(workdirs: Sequence[str | Path]) -> list[Run]:
    """The runs in folders, which can be compared.

    Raises:
        GanzooError: as `write`.
    """
    if len(workdirs) < 2:
        raise GanzooError("--runs compares two runs or more; --workdir RUN writes the page of one.")
    seen: dict[Path, str | Path] = {}
    for workdir in workdirs:
        if (place := Path(workdir).resolve()) in seen:
            raise GanzooError(f"{workdir} is given twice ({seen[place]} is the same folder). Give each run once.")
        seen[place] = workdir
    runs = [stored.read(workdir) for workdir in workdirs]
    sampling, translating = ([run for run in runs if run.is_translator == kind] for kind in (False, True))
    if sampling and translating:
        raise GanzooError(
            f"{sampling[0].workdir} samples and {translating[0].workdir} translates pictures; their metrics have "
            "nothing in common. Give --runs of one task."
        )
    return runs


def groups(runs: Sequence[Run]) -> list[Group]:
    """The runs by entry and config, in the order in which they were given."""
    found: dict[tuple, list[Run]] = {}
    for run in runs:
        found.setdefault((run.entry, *_trained_by(run).items()), []).append(run)
    result = []
    for members in found.values():
        entry = members[0].entry
        rivals = [other[0] for other in found.values() if other[0].entry == entry]
        told = ""
        if len(rivals) > 1:
            settings = [_trained_by(rival) for rival in rivals]
            own = _trained_by(members[0])
            keys = [key for key in own if len({setting.get(key) for setting in settings}) > 1]
            told = ", ".join(f"{key} = {own[key]}" for key in keys[:6]) + (", …" if len(keys) > 6 else "")
        members.sort(key=lambda run: run.config["seed"])
        seeds = [run.config["seed"] for run in members]
        note = "Some runs have the same seed: their spread is not one over seeds." if len({*seeds}) < len(seeds) else ""
        result.append(Group(f"{entry}: {told}" if told else entry, members, note))
    return result


def _trained_by(run: Run) -> dict[str, str]:
    """What a run was trained and measured by, without its seed, as text by key."""
    free = tuple(key for key in FREE if key not in ("config.steps", "config.ratio", "config.sampling"))
    flat = {f"config.{key}": str(value) for key, value in values.flat(run.config)}
    return {
        key.removeprefix("config."): value
        for key, value in flat.items()
        if key != "config.seed" and not key.startswith(free)
    }


def html(runs: Sequence[Run]) -> str:
    """The page's text."""
    made = groups(runs)
    grid_bytes = GRIDS_BYTES // len(runs)
    context = dict(
        title=f"{len(runs)} runs compared",
        groups=[
            dict(
                title=group.title,
                note=group.note,
                tables=tables(group),
                charts=charts(group, max(20, CURVES_BYTES // len(runs) // POINT // 2 // 10)),
                runs=[_row(run, grid_bytes) for run in group.runs],
            )
            for group in made
        ],
        written=time.strftime("%Y-%m-%d %H:%M"),
    )
    return page.environment().get_template("compare.html").render(context)


def tables(group: Group) -> list[dict]:
    """A table for each row of the metrics, such as `generate`: each metric's mean, spread and single figures."""
    measured = [run for run in group.runs if run.metrics]
    names = dict.fromkeys(row for run in measured for row in run.metrics if row not in NOT_SAMPLERS)
    return [
        dict(
            title=row,
            metrics=[
                dict(
                    name=metric,
                    words=words.words(metric),
                    better=words.better(metric),
                    spread=spread([run.metrics.get(row, {}).get(metric) for run in measured]),
                    cells=[number((run.metrics or {}).get(row, {}).get(metric)) for run in group.runs],
                )
                for metric in dict.fromkeys(metric for run in measured for metric in run.metrics.get(row, {}))
            ],
        )
        for row in names
    ]


def spread(figures: Sequence[float | None]) -> str:
    """The mean and the sample's standard deviation, such as "2.89 ± 0.12"; the figure alone of one run.

    >>> spread([1.0, 3.0]), spread([2.5]), spread([None])
    ('2 ± 1.41', '2.5', '–')
    """
    known = [figure for figure in figures if figure is not None and math.isfinite(figure)]
    if not known:
        return "–"
    if len(known) == 1:
        return number(known[0])
    return f"{number(statistics.mean(known))} ± {number(statistics.stdev(known))}"


def charts(group: Group, buckets: int) -> list[curves.Chart]:
    """A chart for each curve that the group's runs have, with a line for each run.

    Args:
        group: the runs.
        buckets: as in `curves.thin`, so that many runs stay a small page.
    """
    names = {run.workdir: f"{run.workdir.name} (seed {run.config['seed']})" for run in group.runs}
    found = []
    measured = [run for run in group.runs if run.validation and run.validation.values]
    if measured:
        metric = measured[0].validation.metric
        of = {names[run.workdir]: run.validation.values for run in measured if run.validation.metric == metric}
        found.append(curves.chart(f"validation: {metric}", of, note=words.words(metric)))
    for tag in dict.fromkeys(tag for run in group.runs for tag in run.curves if not tag.startswith("validation/")):
        of = {
            names[run.workdir]: dict(curves.thin(run.curves[tag], buckets)) for run in group.runs if tag in run.curves
        }
        found.append(curves.chart(tag, of))
    return found


def _row(run: Run, grid_bytes: int) -> dict:
    last = max(run.pictures, default=None)
    return dict(
        name=str(run.workdir),
        seed=run.config["seed"],
        state=page.state(run, in_training=False),
        step=run.step,
        seconds=run.seconds,
        memory=run.peak_memory_mb,
        grid=None if last is None else embedded.stored(run.pictures[last], grid_bytes * 3 // 4),
        problems=run.problems,
    )
