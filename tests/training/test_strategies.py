import json
import socket
from types import SimpleNamespace

import pytest
import tensorflow as tf

from ganzoo.errors import GanzooError
from ganzoo.training import strategies


@pytest.fixture
def environment(monkeypatch):
    """Sets TF_CONFIG, to JSON of what is no text; TPU_NAME is not there."""

    def put(tf_config=None):
        monkeypatch.delenv("TPU_NAME", raising=False)
        monkeypatch.delenv("TF_CONFIG", raising=False)
        if tf_config is not None:
            monkeypatch.setenv("TF_CONFIG", tf_config if isinstance(tf_config, str) else json.dumps(tf_config))

    put()
    return put


def cluster(kind="worker", index=0, **jobs):
    return {"cluster": jobs or {"worker": ["a:1", "b:1"]}, "task": {"type": kind, "index": index}}


@pytest.mark.parametrize(
    ("tf_config", "said"),
    [
        (None, "needs TF_CONFIG in the environment, such as TF_CONFIG="),
        ("{worker}", "TF_CONFIG cannot be used"),
        ("[]", "TF_CONFIG cannot be used"),
        ({"cluster": {"worker": ["a:1"]}}, "'task'"),
        (cluster(index=2), "it names worker 2 of"),
        (cluster(index="one"), "TF_CONFIG cannot be used"),
        (cluster("ps", ps=["a:1"], worker=["b:1"]), "it names ps 0 of"),
        (cluster(worker=["a"]), "port a cannot be had"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused_with_an_example(environment, tf_config, said):
    environment(tf_config)
    with pytest.raises(GanzooError) as error:
        strategies.resolve("multi_worker")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_workers_port_that_is_taken_is_named(environment):
    """TensorFlow's own server would end the process."""
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        address = f"localhost:{taken.getsockname()[1]}"
        environment(cluster(index=1, worker=["elsewhere:1", address]))
        with pytest.raises(GanzooError, match=rf"worker 1 is to listen at {address}.*cannot be had.*still there\?"):
            strategies.resolve("multi_worker")


def test_a_tpu_that_is_not_there_is_an_error(environment):
    with pytest.raises(GanzooError, match="no TPU 'local' could be started.*--strategy=none"):
        strategies.resolve("tpu")


@pytest.mark.skipif(len(tf.config.list_physical_devices("GPU")) > 1, reason="GPUs are found")
@pytest.mark.parametrize("tf_config", [None, cluster(worker=["a:1"])])
def test_one_host_of_one_device_needs_no_strategy(environment, tf_config):
    environment(tf_config)
    assert strategies.resolve("auto") is None
    assert strategies.hosts(None) == 1
    assert strategies.is_chief(None)
    assert strategies.from_chief(None, 7) == 7


def test_several_hosts_are_found_by_their_environment(environment, monkeypatch):
    """Without building the strategy, whose server would wait for the others."""
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", lambda: "several hosts")
    with socket.create_server(("", 0)) as closed_again:
        port = closed_again.getsockname()[1]
    environment(cluster("worker", 0, chief=["elsewhere:1"], worker=[f"localhost:{port}"]))
    assert strategies.resolve("auto") == "several hosts"


@pytest.mark.parametrize(
    ("signals", "is_over", "stopped", "ends"),
    [(0, False, False, False), (2, False, True, True), (0, True, False, True), (1, True, True, True)],
)
def test_hosts_tell_a_signal_from_a_training_that_is_over(monkeypatch, signals, is_over, stopped, ends):
    """Three hosts; the number of each is added up, and the last one sees the whole sum."""
    sent = []
    monkeypatch.setattr(strategies, "from_all", lambda strategy, number: sent.append(number) or sum(sent))
    stop = strategies.StopTogether(strategy=None, every=10)
    stop.set_model(SimpleNamespace(steps_taken=20, stop_training=False))
    for host in range(3):
        stop._has_signal, stop._is_over = host < signals, False
        if host == 0 and is_over:
            stop.end()
        stop.on_train_batch_end(0)
    assert (stop.stopped, stop.model.stop_training) == (stopped, ends)
