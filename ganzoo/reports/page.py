"""A run's page, `report.html`: written from what is in the workdir, whole or not at all."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np
from PIL import Image

from ganzoo.errors import GanzooError
from ganzoo.evaluation.sampling_report import NOT_SAMPLERS, Z_ALARM, features_in_words
from ganzoo.files import whole
from ganzoo.models import model_class
from ganzoo.reports import commands, costs, curves, drawn, embedded, stored, words
from ganzoo.reports.stored import Run
from ganzoo.serving.exported import Exported
from ganzoo.zoo.recipes import summary
from ganzoo.zoo.registry import list_models

FILE = "report.html"
FEW_FRAMES = 16  # on a page during the training, which should not wait for many pictures to be coded
FRAMES_BYTES, STRIP_BYTES, PICTURE_BYTES = 2_200_000, 60_000, 300_000
# Pictures that a run may leave, with what they show.
PICTURES = {
    "reliability": "Observed against predicted shares of real data. On the diagonal the density ratio is calibrated.",
    "codes": "A column for each category of the latent code.",
    "nearest": "Samples beside the pictures of the training that are nearest to them.",
}
PARTS = {
    "imports": "loading the packages",
    "data": "loading the data",
    "building": "building the networks",
    "checkpoints and callbacks": "training",
    "tracing to the first step": "training",
    "training": "training",
    "export": "density ratio and export",
    "measuring": "measuring",
}


class Table(NamedTuple):
    """A table of metrics: the rows' names as columns, and for each metric its words, its figures and what they say."""

    title: str
    columns: list[str]
    metrics: list[dict]


def write(workdir: str | Path, *, exported: Exported | None = None, in_training: bool = False) -> Path:
    """Writes `report.html` into a run's folder, and returns its path.

    Args:
        workdir: the run's folder.
        exported: the newest export, if it is loaded already.
        in_training: whether this process trains the run just now; its export, if there is one, is then of earlier
            steps, and is not loaded.

    Raises:
        GanzooError: as `stored.read`.
    """
    run = stored.read(workdir)
    path = run.workdir / FILE
    with whole(path) as beside:
        beside.write_text(html(run, exported=exported, in_training=in_training), encoding="utf-8")
    return path


def try_write(workdir: Path, seconds: Mapping[str, float], **options) -> None:
    """`write` within a run, which must not end because of its page: a failure is one line on standard error.

    Args:
        workdir: the run's folder.
        seconds: of this process so far, by part; they go to `costs.json`.
        **options: as of `write`.
    """
    try:
        costs.record(workdir, seconds)
        write(workdir, **options)
    except Exception as error:  # whatever it is: the run and its checkpoints count for more
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"ganzoo: {workdir / FILE} is not written: {reason}", file=sys.stderr)


def html(run: Run, *, exported: Exported | None = None, in_training: bool = False) -> str:
    """The page's text."""
    shown = {} if in_training else _of_export(run, exported)
    metrics = run.metrics or {}
    most = FEW_FRAMES if in_training else embedded.MOST_FRAMES
    context = dict(
        run=run,
        title=run.entry,
        sentence=sentence(run),
        summary=_summary(run.config["name"]),
        state=state(run, in_training),
        problems=run.problems,
        charts=_charts(run),
        frames=[dict(step=f"{step:,}", address=to) for step, to in embedded.frames(run.pictures, FRAMES_BYTES, most)],
        frames_in_all=len(run.pictures),
        strips=strips(run, shown.get("domains")),
        tables=tables(metrics, run.is_translator),
        has_errors="standard_errors" in metrics,
        label_accuracy=_label_accuracy(metrics),
        calibration=_figures(metrics.get("log_ratio")),
        is_off=abs(metrics.get("log_ratio", {}).get("dawids_z", 0.0)) > Z_ALARM,
        codes=_figures(metrics.get("codes")),
        features=features_in_words(metrics["features"]) if "features" in metrics else "",
        copies=[row["in_words"] for row in metrics.get("copies", {}).values()],
        pictures=_pictures(run.workdir),
        picture_words=PICTURES,
        differences=_differences(run),
        costs=_seconds_and_memory(run),
        sizes=run.split.get("sizes", {}),
        commands=_commands(run, in_training),
        in_training=in_training,
        written=time.strftime("%Y-%m-%d %H:%M"),
        **shown,
    )
    return environment().get_template("run.html").render(context)


def environment() -> jinja2.Environment:
    """The templates, with everything escaped that is not said to be HTML."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("ganzoo.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = curves.number
    made.filters["percent"] = drawn.percent
    made.filters["duration"] = duration
    return made


def sentence(run: Run) -> str:
    """What was trained on what, in one sentence."""
    sizes = run.split.get("sizes")
    count = sizes.get("train") if isinstance(sizes, dict) else None
    samples = f"{count:,} samples of " if isinstance(count, int) else ""
    took = f"{duration(run.seconds)}, " if run.seconds > 0 else ""
    return (
        f"{run.config['name']} was trained on {samples}{run.config['dataset']} for {run.step:,} of "
        f"{run.config['steps']:,} steps ({took}batches of {run.config.get('batch_size', '?')}, seed "
        f"{run.config['seed']})."
    )


def _summary(name: str) -> str:
    """A zoo entry in one line; empty for an entry that is not known here."""
    return summary(name) if name in list_models() else ""


def state(run: Run, in_training: bool) -> str:
    """What is there and what is missing, in a sentence or two."""
    step, steps = run.step, run.config["steps"]
    measured = run.measured_step
    if in_training:
        return f"The run is in training: step {step:,} of {steps:,}. Its export and its measurements come at the end."
    if measured is None:
        missing = "export or measurements" if run.exported is None else "measurements"
        return (
            f"The run has no {missing} yet. It was stopped, or is still in training; its last record is of step "
            f"{step:,} of {steps:,}. The command under “Go on” continues it."
        )
    if step > measured:
        return f"The training has gone on to step {step:,}. Export and measurements are of step {measured:,}."
    chosen = run.exported.get("step", measured)
    if chosen != measured:
        return f"The run is finished. Of its {measured:,} steps it exports the best checkpoint, step {chosen:,}."
    if measured < steps:
        return f"The run ended at step {measured:,} of {steps:,}, as it no longer improved."
    return "The run is finished."


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(42.3), duration(460), duration(7300)
    ('42.3 s', '8 min', '2 h 2 min')
    """
    if seconds < 100:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def tables(metrics: Mapping[str, Mapping[str, float]], is_translator: bool) -> list[Table]:
    """The tables of metrics: one for models that sample, one for each direction of a translator."""
    rows = {name: row for name, row in metrics.items() if name not in NOT_SAMPLERS}
    if not is_translator:
        errors = metrics.get("standard_errors", {})
        return [_table("", rows, "generate", "drs", "floor", errors)] if rows else []
    directions: dict[str, dict] = {}
    for name, row in rows.items():
        directions.setdefault(name.partition(",")[0], {})[name] = row
    return [_table(name, of, name, f"{name}, drs", f"{name}, real") for name, of in directions.items()]


def _table(
    title: str,
    rows: Mapping[str, Mapping[str, float]],
    plain: str,
    rejected: str,
    floor: str,
    errors: Mapping[str, Mapping[str, float]] = {},
) -> Table:
    names = list(dict.fromkeys(metric for row in rows.values() for metric in row))
    found = []
    for metric in names:
        values = {row: of[metric] for row, of in rows.items() if isinstance(of.get(metric), int | float)}
        way = words.better(metric)
        mine = {row: value for row, value in values.items() if row != floor}
        of_metric = {row: of[metric] for row, of in errors.items() if metric in of}
        best = None
        if way and len(mine) > 1:
            best = (min if way == "lower" else max)(mine.values())
        found.append(
            dict(
                name=metric,
                better=way,
                words=words.words(metric),
                cells=[
                    (
                        curves.with_error(values.get(row), of_metric.get(row)),
                        best is not None and mine.get(row) == best,
                    )
                    for row in rows
                ],
                verdict=words.verdict(metric, values, plain, rejected, floor, of_metric),
            )
        )
    short = [name.removeprefix(f"{title}, ") if title else name for name in rows]
    return Table(title, short, found)


def strips(run: Run, domains: list[str] | None) -> list[tuple[str, str]]:
    """The rows of a translator's last sample picture, each with its name: input, output, cycle."""
    if not run.is_translator or not run.pictures:
        return []
    try:
        with Image.open(run.pictures[max(run.pictures)]) as image:
            pixels = np.asarray(image.convert("RGB"))
        count = run.config["model"].get("num_domains") or 2
        named = (
            domains if domains and len(domains) == count else [f"domain {'ABCDEFGHIJ'[k % 10]}" for k in range(count)]
        )
        names = model_class(run.config["name"]).sample_row_names(named)
    except (OSError, GanzooError):
        return []
    pitch = (len(pixels) + 2) // max(len(names), 1)
    if not names or pitch * len(names) != len(pixels) + 2:
        return []
    rows = [pixels[k * pitch : (k + 1) * pitch - 2] for k in range(len(names))]
    return [(name, embedded.picture(row, STRIP_BYTES)) for name, row in zip(names, rows, strict=True)]


def _of_export(run: Run, exported: Exported | None) -> dict:
    """What is drawn from the export: `proposals`, `classes`, and `missing`, why one of them is not there."""
    if run.exported is None:
        return {}
    domains = run.exported.get("domains")
    if run.is_translator:
        return {"domains": domains}
    found: dict = {"missing": ""}
    try:
        exported = exported or Exported(run.workdir / "export")
        found["proposals"] = drawn.proposals(exported, run.config["dataset"], seed=run.config["seed"])
        found["classes"] = drawn.classes(exported, run.config["dataset"], seed=run.config["seed"])
    except GanzooError as error:
        found["missing"] = str(error)
    return found


def _charts(run: Run) -> list[curves.Chart]:
    found = []
    if run.validation and run.validation.values:
        best = run.validation.best
        note = (
            f"{words.words(run.validation.metric)}; lower is better. The best is "
            f"{curves.number(run.validation.values[best])} at step {best:,}."
        )
        measured = {run.validation.metric: run.validation.values}
        found.append(curves.chart("Quality during the training", measured, note=note, marks={"best": best}))
    return found + curves.charts(run.curves)


def _label_accuracy(metrics: Mapping) -> list[dict]:
    """The share of each class that shows what its label says, by sampler."""
    rows = metrics.get("label_accuracy") or {}
    return [
        dict(sampler=name, cells=[(label, drawn.percent(value), value) for label, value in row.items()])
        for name, row in rows.items()
        if isinstance(row, Mapping)
    ]


def _figures(row: Mapping[str, float] | None) -> list[tuple[str, str]]:
    """(words, figure) of each metric of a row."""
    return [
        (words.words(name), curves.number(value))
        for name, value in (row or {}).items()
        if isinstance(value, int | float)
    ]


def _pictures(workdir: Path) -> dict[str, str]:
    found = {name: embedded.stored(workdir / f"{name}.png", PICTURE_BYTES) for name in PICTURES}
    return {name: address for name, address in found.items() if address}


def _differences(run: Run) -> list[tuple[str, object, object]] | None:
    """As `commands.differences`; None where the recipe is not known here."""
    try:
        return commands.differences(run.config)
    except GanzooError:
        return None


def _seconds_and_memory(run: Run) -> dict:
    names = PARTS | ({"export": "export"} if run.is_translator else {})  # which fits no ratio
    seconds: dict[str, float] = {}
    for cost in run.costs:
        for part, value in cost.get("seconds", {}).items():
            if part in names:
                seconds[names[part]] = seconds.get(names[part], 0.0) + value
    if run.seconds > 0:  # a start that was killed has no entry, but its curves
        seconds["training"] = max(seconds.get("training", 0.0), run.seconds)
    return dict(parts=seconds, memory=run.peak_memory_mb, starts=len(run.costs), speed=_speed(run))


def _speed(run: Run) -> float | None:
    """Steps per second; None where the steps of all starts are not known."""
    return run.step / run.seconds if run.seconds > 1 and run.step else None


def _commands(run: Run, in_training: bool) -> dict[str, str]:
    found = {}
    if run.exported is not None and not in_training:
        of_export = commands.of_export(run.workdir, run.config)
        found["Translate" if run.is_translator else "Sample"] = of_export["sample"]
        found["Load in Python"] = of_export["load"]
        found["Serve"] = of_export["serve"]
        found["Curves"] = of_export["curves"]
    steps = run.config["steps"]
    is_over = run.measured_step is not None and run.measured_step >= steps
    command = commands.try_train(run.workdir, run.config, run.plugins, 2 * steps if is_over else steps)
    if command and not in_training:
        found["Train longer" if is_over else "Go on"] = command
    found["Write this page again"] = f"python -m ganzoo.report --workdir {run.workdir.resolve()}"
    return found
