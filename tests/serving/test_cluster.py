"""A set made by a Dask cluster is the local one, also where a worker is killed, and what is wrong with a cluster is
said in one line."""

import json
import os
import signal

import pytest

from ganzoo.files import checksum
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.generate import complete, planned
from ganzoo.serving.batch.making import Maker
from ganzoo.serving.batch.workers import Processes
from tests import processes
from tests.serving.cluster import LocalCluster, until

MANY = dict(signature="generate", num_samples=100_000, shard_size=1000, seed=7, format="tfrecord")
FEW = MANY | dict(num_samples=80, shard_size=10)


class InThisProcess(Processes):
    """The engine for a reference: the shards one after the other."""

    def work(self, maker, shards):
        for shard in shards:
            maker.make(shard)
        return []


def made_here(loaded, out, asked):
    """The checksums of a set's files, by name, and its manifest; the set is made in this process."""
    exported = loaded("points")
    assert complete(Maker(SampleSet(planned(exported, **asked), out), str(exported.path)), InThisProcess()) == 0
    return files(out), json.loads((out / "manifest.json").read_text())


def files(folder):
    return {path.name: checksum(path) for path in folder.iterdir()}


def arguments(exports, out, asked, **flags):
    places = dict(export_dir=exports["points"][1], out=out, engine="dask")
    return [f"--{name}={value}" for name, value in (places | asked | flags).items()]


def command(exports, out, asked=FEW, begin=processes.run, code="", **flags):
    """The command on a cluster, which waits for 5 s instead of 30; by default to its end."""
    program = "from ganzoo.serving.batch import cluster; cluster.PATIENCE = 5.0\n" + code
    program += "import runpy, sys; sys.argv[0] = 'generate'\n"
    program += "runpy.run_module('ganzoo.serving.batch.generate', run_name='__main__', alter_sys=True)\n"
    return begin(*arguments(exports, out, asked, **flags), code=program, optimize_graphs=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with LocalCluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.mark.slow
def test_a_set_whose_worker_is_killed_half_way_is_the_local_set(exports, loaded, tmp_path):
    """100,000 samples by two workers, one of them killed after 50 shards: no shard that was made is made again, and
    every file has the bytes of the set that one process made."""
    expected, manifest = made_here(loaded, tmp_path / "here", MANY)
    out = tmp_path / "set"
    (tmp_path / "cluster").mkdir()
    with LocalCluster(tmp_path / "cluster") as running:
        done = command(exports, out, MANY, begin=processes.Command, scheduler=running.address)
        made = lambda: sorted(out.glob("shard-*.json"))  # noqa: E731
        until(lambda: len(made()) >= 50 or done.poll() is not None, 300.0)
        running.workers[0].kill()
        before = {path: path.stat().st_mtime_ns for path in made()}
        assert 50 <= len(before) < 100
        printed, said = done.communicate(300.0)
        assert done.returncode == 0, said[-2000:]
        assert running.workers[0].poll() == -signal.SIGKILL
        assert running.workers[1].poll() is None
    assert printed.startswith("100 of 100 shards to make")
    assert "Traceback" not in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert files(out) == expected
    assert json.loads((out / "manifest.json").read_text()) == manifest
    assert [shard["first"] for shard in manifest["shards"]] == [*range(0, 100_000, 1000)]
