"""A set made by a Dask cluster is the local one, also where a worker is killed, and what is wrong with a cluster is
said in one line."""

import json
import os
import re
import signal
import threading
import time

import pytest

from ganzoo import cli
from ganzoo.errors import GanzooError
from ganzoo.files import checksum
from ganzoo.serving.batch import cluster as module
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


@pytest.fixture(scope="module")
def few(loaded, tmp_path_factory):
    return made_here(loaded, tmp_path_factory.mktemp("few") / "set", FEW)[0]


@pytest.fixture
def maker(loaded, tmp_path):
    """Of a set in `tmp_path/set`, not begun."""
    exported = loaded("points")
    return Maker(SampleSet(planned(exported, **FEW), tmp_path / "set"), str(exported.path))


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1.0)


@pytest.mark.slow
def test_a_set_at_a_url_is_the_local_set(exports, cluster, few, tmp_path):
    """Also where a shard is damaged since, which alone is made again."""
    url = f"file://{tmp_path}/set"
    done = command(exports, url, scheduler=cluster.address)
    assert done.returncode == 0, done.stderr[-2000:]
    assert files(tmp_path / "set") == few
    shard = tmp_path / "set" / "shard-00003-of-00008.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-1])
    done = command(exports, url, scheduler=cluster.address)
    assert done.stdout.startswith("1 of 8 shards to make"), done.stderr[-2000:]
    assert files(tmp_path / "set") == few


@pytest.mark.slow
def test_ctrl_c_ends_the_command_and_the_same_command_makes_the_rest(exports, cluster, loaded, tmp_path):
    asked = MANY | dict(num_samples=20_000, shard_size=100)
    expected, _ = made_here(loaded, tmp_path / "here", asked)
    out = tmp_path / "set"
    stopped = command(exports, out, asked, begin=processes.Command, scheduler=cluster.address)
    until(lambda: len([*out.glob("shard-*.json")]) >= 3 or stopped.poll() is not None)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(60.0)
    assert stopped.returncode == cli.INTERRUPTED
    *_, shards, last = said.splitlines()
    assert re.fullmatch(r"\d+ of 200 shards are made. The same command makes the others.", shards)
    assert last == "ganzoo: interrupted."
    assert "Traceback" not in said
    done = command(exports, out, asked, scheduler=cluster.address)
    assert done.returncode == 0, done.stderr[-2000:]
    assert not done.stdout.startswith("200 of 200")
    assert files(out) == expected


@pytest.fixture
def interruptible():
    """Ctrl-C interrupts, also where the tests run in the background of a shell, which lets it be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_before_a_call_has_begun_is_no_traceback(cluster, caplog, interruptible):
    def interrupt():
        """Holds the loop, in which the call's own part has to wait for it."""
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

    with module.Cluster(cluster.address) as running:
        loop = running._client.loop
        loop.add_callback(interrupt)
        with pytest.raises(KeyboardInterrupt):
            running.close()
        behind = threading.Event()
        loop.add_callback(behind.set)
        assert behind.wait(30.0)
    assert not caplog.records


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "somewhere", "nonsense://a:1", "tcp://a:b"])
def test_where_no_scheduler_answers_it_says_so(impatient, address):
    with pytest.raises(GanzooError, match=f"no scheduler answers at {address} .*Start one with `dask scheduler`"):
        module.Cluster(address)


@pytest.mark.parametrize(
    "programs, said",
    [
        ((), "has no workers. Start some, where ganzoo is installed: `dask worker tcp://"),
        (("import sys; sys.modules['ganzoo'] = None\n",), "has no ganzoo. Install ganzoo 0."),
        (
            ("from ganzoo import environment; environment.__version__ = '0.0.9'\n",),
            "ganzoo is 0.0.9 here, and .* where the command was given",
        ),
    ],
)
def test_workers_that_cannot_make_a_set_are_named_before_anything_is_made(monkeypatch, tmp_path, programs, said):
    with LocalCluster(tmp_path, programs) as running:
        monkeypatch.setattr(module, "PATIENCE", 60.0 if programs else 1.0)
        with pytest.raises(GanzooError, match=said):
            module.Cluster(running.address)


DENIED = """
from ganzoo.serving.batch import storage
def put(self, name, write):
    raise PermissionError(13, "Permission denied", f"{self}/{name}")
storage.Folder.put = put
"""


@pytest.mark.parametrize(
    "program, said",
    [
        (DENIED, r"^worker tcp://127.0.0.1:\d+: .*Permission denied: .*shard-0000\d-of-00008.tfrecord"),
        ("import ganzoo\n", r"worker tcp://127.0.0.1:\d+: no export in .*: there is no such folder"),
    ],
)
def test_a_worker_that_cannot_write_or_has_no_export_is_named(maker, tmp_path, monkeypatch, program, said):
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    if program != DENIED:
        maker.version_dir = str(tmp_path / "elsewhere")
    (tmp_path / "cluster").mkdir()
    with LocalCluster(tmp_path / "cluster", (program,)) as running, module.Cluster(running.address) as spread:
        with pytest.raises(GanzooError, match=said):
            complete(maker, spread)
        assert maker.sample_set.begun() == []


def test_a_task_leaves_a_finished_shard_alone(maker):
    """The scheduler computes a result again if the worker that held it is lost."""
    maker.sample_set.begin()
    module._make(maker, 0)
    path = maker.sample_set.store.path / "shard-00000-of-00008.tfrecord"
    before = path.stat().st_mtime_ns
    module._make(maker, 0)
    assert path.stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-1])
    module._make(maker, 0)
    assert list(maker.sample_set.entries([0])) == [0]


def test_another_export_in_the_folder_is_refused(exports, maker):
    maker.sample_set.begin()
    maker.version_dir = str(exports["gan"][1])
    with pytest.raises(GanzooError, match="holds another export here than where the command was given"):
        maker.make(0)


def test_a_version_that_comes_later_is_refused(maker, monkeypatch):
    """By whoever makes a shard, as a worker may join when the others are at work."""
    maker.sample_set.begin()
    maker.versions["ganzoo"] = "9.9.9"
    with pytest.raises(GanzooError, match=r"ganzoo is 0\S+ here, and 9.9.9 where the command was given"):
        maker.make(0)


@pytest.mark.slow
def test_a_cluster_that_loses_all_workers_or_its_scheduler_ends_the_command(maker, loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    monkeypatch.setattr(module, "_make", slowly)
    for number, said in ((-1, r"has had no workers for 2 s. Start some"), (0, "the scheduler at .* was lost")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with LocalCluster(folder, ("",)) as running, module.Cluster(running.address) as spread:
            monkeypatch.setattr(module, "PATIENCE", 2.0)
            threading.Timer(3.0, running.processes[number].kill).start()
            with pytest.raises(GanzooError, match=said):
                spread.work(maker, range(8))
        monkeypatch.setattr(module, "PATIENCE", 60.0)


def slowly(maker, shard):
    time.sleep(60.0)


@pytest.mark.slow
def test_beam_on_its_dask_runner_makes_the_whole_set(exports, cluster, few, tmp_path):
    """That runner reports success whatever it lost, and the command counts; here one `process` makes a whole shard."""
    out = tmp_path / "set"
    runner = "apache_beam.runners.dask.dask_runner.DaskRunner"
    flags = arguments(exports, out, FEW, engine="beam", runner=runner)
    behind = ["--", f"--dask_client_address={cluster.address}"]
    done = processes.run(*flags, *behind, module="ganzoo.serving.batch.generate", optimize_graphs=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert files(out) == few


@pytest.mark.slow
def test_a_runner_that_loses_shards_and_reports_success_does_not_end_the_command_with_success(exports, few, tmp_path):
    out = tmp_path / "set"
    flags = arguments(exports, out, FEW, engine="beam", runner="tests.serving.losing_runner.LosingRunner")
    done = processes.run(*flags, module="ganzoo.serving.batch.generate", optimize_graphs=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ganzoo: 6 of 8 shards are made, though no worker reported a fault. Missing: 2, 5. Check that the workers "
        f"write to the same {out}; the same command makes the missing shards."
    )
    assert json.loads((out / "manifest.json").read_text())["complete"] is False
    done = processes.run(*arguments(exports, out, FEW, engine="local"), module="ganzoo.serving.batch.generate")
    assert done.stdout.startswith("2 of 8 shards to make")
    assert files(out).keys() == few.keys()
