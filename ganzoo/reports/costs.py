"""What a run costs: seconds by part and the peak of memory, one entry for each start of the run, in `costs.json`."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path

from ganzoo import environment
from ganzoo.files import write_json
from ganzoo.reports.stored import COSTS

_START = uuid.uuid4().hex  # of this process


def record(workdir: Path, seconds: Mapping[str, float]) -> None:
    """Adds this process's entry to `costs.json`, or replaces the entry that it has written before.

    Args:
        workdir: the run's folder.
        seconds: of the process so far, by part.
    """
    path = workdir / COSTS
    try:
        entries = json.loads(path.read_text()) if path.exists() else []
    except json.JSONDecodeError:
        entries = []
    memory = environment.peak_memory_mb()
    entry = {
        "start": _START,
        "seconds": {part: round(value, 2) for part, value in seconds.items()},
        "peak_memory_mb": None if memory is None else round(memory),
    }
    write_json(path, [other for other in entries if other.get("start") != _START] + [entry])
