import json
from types import SimpleNamespace

import pytest

from benchmarks import zoo
from ganzoo.errors import GanzooError
from tests.serving.cluster import LocalCluster

README = """# ganzoo
| model | paper | arguments | time | generator alone | with rejection (`drs`) |
|---|---|---|---|---|---|
| `gan` | [Goodfellow 2014](https://arxiv.org/abs/1406.2661) | `--model gan` | 4 min | 89.3, 0.585 | **65.0**, 0.624 |
| `lsgan` | [Mao 2017](https://arxiv.org/abs/1611.04076) | `--model lsgan` | 3 min | 138, 0.421 | **104**, 0.489 |

| `gan` | `--model gan --dataset gaussians25` | 3 min | 25 modes, 65.3 % | 25 modes, **99.9 %** |
"""


def run(alone, by_drs, minutes):
    """What a run measured: distances of the generator alone and of drs."""
    row = {"recall_3k": 0.5, "coverage_3k": 0.9}
    samplers = {"generate": {"fd_digits10k": alone}, "drs": {"fd_digits10k": by_drs}}
    return {"metrics": {name: row | distance for name, distance in samplers.items()}, "minutes": {"minutes": minutes}}


def test_the_readme_gets_the_means_and_the_spread_of_an_entrys_seeds():
    seeds = [("gan", 0, run(20.0, 10.0, 6.0)), ("gan", 1, run(22.0, 11.0, 7.2))]
    lines, before = zoo.with_means(README, seeds).splitlines(), README.splitlines()
    assert lines[3].startswith(before[3].partition(" 4 min")[0])
    assert lines[3].endswith("| 7 min | 21.0 ± 1.41, 0.900 | **10.5 ± 0.707**, 0.900 |")
    assert lines[:3] + lines[4:] == before[:3] + before[4:]  # other entries and other data sets stay


def test_one_seed_has_no_spread_and_the_better_of_both_is_bold():
    text = zoo.with_means(README, [("lsgan", 0, run(5.584, 6.58, 8.0))])
    assert "| `--model lsgan` | 8 min | **5.58**, 0.900 | 6.58, 0.900 |\n" in text


def test_the_readme_has_a_row_for_every_entry_that_makes_pictures_from_latents():
    names = [name for name in zoo.recipes() if zoo.load_config(name).task == "sampling"]
    changed = zoo.with_means(zoo.README.read_text(), [(name, 0, run(1.0, 0.111, 99.0)) for name in names])
    assert changed.count("| 99 min | 1.00, 0.900 | **0.111**, 0.900 |") == len(names)


def test_there_are_as_many_runs_of_each_entry_as_seeds_are_asked_for(monkeypatch):
    monkeypatch.setattr(zoo, "ended", lambda folder, run: {})
    for name, value in {"_seeds": 2, "_scheduler": None, "_workdir": "runs"}.items():
        monkeypatch.setattr(zoo, name, SimpleNamespace(value=value))
    assert [row[:2] for row in zoo.seeded(["gan", "cgan"])] == [("gan", 0), ("gan", 1), ("cgan", 0), ("cgan", 1)]


def test_the_workers_of_a_cluster_make_the_runs(monkeypatch, tmp_path):
    """Two runs that had ended and one that cannot begin, whose error names its command."""
    pytest.importorskip("distributed")
    for name, figure in (("gan", 1.5), ("gan-1", 2.5)):
        (tmp_path / name).mkdir()
        contents = {
            "config": {"config": {"steps": 3}},
            "metrics": {"generate": {"fd": figure}},
            "minutes": {"minutes": 1},
        }
        for file, content in contents.items():
            (tmp_path / name / f"{file}.json").write_text(json.dumps(content))
    (tmp_path / "cluster").mkdir()
    here = f"import sys; sys.path.insert(0, {str(zoo.README.parent)!r})\n"
    with LocalCluster(tmp_path / "cluster", programs=(here,)) as cluster:
        given = {"_seeds": 2, "_scheduler": cluster.address, "_workdir": str(tmp_path)}
        for name, value in given.items():
            monkeypatch.setattr(zoo, name, SimpleNamespace(value=value))
        runs = zoo.seeded(["gan"])
        with pytest.raises(GanzooError, match="ganzoo.run.*--model.*ganz"):
            zoo.seeded(["ganz"])
    assert [(*of, run["metrics"]["generate"]["fd"]) for *of, run in runs] == [("gan", 0, 1.5), ("gan", 1, 2.5)]
