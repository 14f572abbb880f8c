"""Two processes on loopback: a host each."""

import json
import os
import signal
import socket
import time

import pytest

from ganzoo.tasks import workdirs
from tests import processes
from tests.test_run import SHORT

pytestmark = pytest.mark.slow
STEPS = 30


def free_ports(count):
    """All of them taken at the same time, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("localhost", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start(workdir, of_worker_1=()):
    """Both workers, each with a folder of its own, to their end: exit codes, standard outputs, standard errors."""
    workers = [f"localhost:{port}" for port in free_ports(2)]
    begun = []
    for index in range(2):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        arguments = [f"--workdir={workdir / str(index)}", f"--steps={STEPS}", *(of_worker_1 if index else [])]
        environment = os.environ | {"TF_CONFIG": json.dumps(task), "TF_NUM_INTRAOP_THREADS": "1"}
        begun.append(processes.Command(*arguments, module="tests.training.worker", env=environment))
    try:
        printed = [command.communicate(timeout=600) for command in begun]
    finally:
        for command in begun:
            command.kill()
    codes = [command.returncode for command in begun]
    return codes, [out for out, _ in printed], [err for _, err in printed]


def results(workdir, **options):
    codes, out, err = start(workdir, **options)
    assert codes == [0, 0], err[0][-2000:] + err[1][-2000:]
    return [json.loads(text.splitlines()[-1]) for text in out]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("run")
    return workdir, results(workdir)


def test_both_workers_end_with_the_same_weights_and_the_chief_alone_writes(undisturbed):
    """Averages, optimizers, counters and running means among them."""
    workdir, (chief, other) = undisturbed
    assert chief == other
    assert (chief["first"], chief["step"], chief["done"]) == (0, STEPS, True)
    assert (workdir / "0" / "checkpoints" / f"ckpt-{STEPS}.index").exists()
    assert not (workdir / "1").exists()


def test_a_run_whose_worker_was_killed_goes_on_from_its_checkpoint_to_the_same_weights(undisturbed, tmp_path):
    """Worker 1 falls at step 15: the chief says so in one line. Started again, they go on from step 10."""
    codes, _, err = start(tmp_path, of_worker_1=[f"--signal={signal.SIGKILL:d}", "--at_step=15"])
    assert codes == [1, -signal.SIGKILL]
    assert err[0].strip().splitlines()[-1].startswith("ganzoo: another worker has ended or cannot be reached")
    assert "Traceback" not in err[0]
    chief, other = results(tmp_path)
    assert chief == other
    assert (chief["first"], chief["step"]) == (10, STEPS)
    assert chief["weights"] == undisturbed[1][0]["weights"]


def test_workers_share_a_folder_which_nobody_else_may_use(tmp_path):
    """The chief alone holds it. While they train, another process is refused, and the run can be exported. With their
    end the folder is free."""
    flags = ["--model=gan", "--dataset=gaussians8", f"--workdir={tmp_path}/run", "--steps=1000000", *SHORT]
    flags += ["--config.checkpoint_every=50", "--config.checkpoints_kept=1000"]
    workers = [f"localhost:{port}" for port in free_ports(2)]
    begun = []
    for index in range(2):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = os.environ | {"TF_CONFIG": json.dumps(task), "TF_NUM_INTRAOP_THREADS": "1"}
        begun.append(processes.Command(*flags, "--strategy=multi_worker", module="ganzoo.run", env=environment))
    try:
        end = time.monotonic() + 300
        while not (tmp_path / "run" / "checkpoints" / "checkpoint").exists():
            assert [command.poll() for command in begun] == [None, None]
            assert time.monotonic() < end
            time.sleep(0.02)
        refused = processes.run(*flags, module="ganzoo.run")
        exported = processes.run(f"--workdir={tmp_path}/run", f"--out={tmp_path}/export", module="ganzoo.reexport")
        assert [command.poll() for command in begun] == [None, None]
        begun[1].send_signal(signal.SIGTERM)
        printed = [command.communicate(timeout=600) for command in begun]
    finally:
        for command in begun:
            command.kill()
    assert refused.returncode == 1
    assert f"ganzoo: {tmp_path}/run is in use by process {begun[0].pid} on " in refused.stderr
    assert exported.returncode == 0, exported.stderr[-2000:]
    assert [command.returncode for command in begun] == [130, 130], printed[0][1][-2000:] + printed[1][1][-2000:]
    with workdirs.held(tmp_path / "run"):
        assert (tmp_path / "run" / "checkpoints" / "ckpt-50.index").exists()
