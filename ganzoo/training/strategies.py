"""Chooses the devices and hosts that train together, and copies a run's model to them and back.

Only training is distributed. Every host builds the same plain model, and `Replicated` is its copy on all devices. The
copy is trained and then copied back on the chief, which alone writes checkpoints, samples, metrics and the export. A
run's files therefore do not depend on the number of devices, and a run can resume on another number of devices.
"""

import contextlib
import functools
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from ganzoo.bases.stepped import TwoOptimizerModel
from ganzoo.data.pipeline import Share
from ganzoo.errors import GanzooError
from ganzoo.training.callbacks import EverySteps, StopOnSignal

# The errors that TensorFlow raises when another host is gone; which one depends on the operation that fails.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnknownError,
)
MOST_HOSTS = 1 << 32  # more than there are: two counts of hosts go in one number


def resolve(name: str) -> tf.distribute.Strategy | None:
    """The strategy of a flag's value. Call it before TensorFlow is used.

    Args:
        name: one of the following.

            - "none": one device.
            - "mirrored": all GPUs of this machine.
            - "multi_worker": the hosts in the environment variable TF_CONFIG; this host's server is started.
            - "tpu": the TPU of the environment variable TPU_NAME, or this machine's own TPU.
            - "auto": the first available of several hosts, a TPU, several GPUs, or one device.

    Returns:
        The strategy, or None for one device.

    Raises:
        GanzooError: if TF_CONFIG is missing or cannot be used, if the port is taken, or if there is no such TPU.
    """
    if name == "auto":
        name = _available()
    if name == "none":
        return None
    if name == "multi_worker":
        return _multi_worker()
    if name == "tpu":
        return _tpu()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _available() -> str:
    if "TF_CONFIG" in os.environ and len(_addresses(_cluster())) > 1:
        return "multi_worker"
    if "TPU_NAME" in os.environ or tf.config.list_physical_devices("TPU"):
        return "tpu"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "none"


def describe(strategy: tf.distribute.Strategy | None) -> str:
    """A description such as `2 hosts of 4 replicas each`; empty for one device."""
    if strategy is None:
        return ""
    count = hosts(strategy)
    each = strategy.num_replicas_in_sync // count
    return f"{count} hosts of {each} replica{'s'[: each > 1]} each" if count > 1 else f"{each} replicas"


def hosts(strategy: tf.distribute.Strategy | None) -> int:
    """The number of processes that train together."""
    return len(_addresses(_cluster())) if _is_multi_worker(strategy) else 1


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Whether this process is the chief, which writes the files."""
    if not _is_multi_worker(strategy):
        return True
    cluster = _cluster()
    return (cluster["task"]["type"], int(cluster["task"]["index"])) == _addresses(cluster)[0][:2]


def from_chief(strategy: tf.distribute.Strategy | None, number: int) -> int:
    """The chief's number, on every host. Each host waits here for all others."""
    return from_all(strategy, number if is_chief(strategy) else 0)


def from_all(strategy: tf.distribute.Strategy | None, number: int) -> int:
    """The sum of the hosts' numbers, on every host. Each host waits here for all others."""
    if hosts(strategy) == 1:
        return number
    total = _summing(strategy)(tf.constant(number, tf.int64))
    each = strategy.num_replicas_in_sync // hosts(strategy)
    return int(strategy.experimental_local_results(total)[0]) // each


@contextlib.contextmanager
def all_hosts(strategy: tf.distribute.Strategy | None) -> Iterator[None]:
    """A block that all hosts run together. Without an error, no host leaves it before all hosts have reached its end.

    Raises:
        GanzooError: if another host is gone.
    """
    try:
        yield
        from_chief(strategy, 0)
    except LOST as error:
        if hosts(strategy) == 1:
            raise
        raise GanzooError(
            f"another worker has ended or cannot be reached ({type(error).__name__}). Start all workers again: they "
            "go on from the last checkpoint."
        ) from error


class Replicated:
    """A plain model's copy on all replicas of a strategy.

    Args:
        plain: a compiled model, with the same config on all hosts.
        strategy: the result of `resolve`.

    Attributes:
        model: the copy for `fit`, compiled alike. Its variables get the plain model's values by `push`.
    """

    def __init__(self, plain: TwoOptimizerModel, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = type(plain).from_config(plain.get_config())
            self.model.compile_from_config(plain.get_compile_config())
        self._pairs = list(zip(state(plain), state(self.model), strict=True))

    def push(self) -> None:
        """Copies the chief's plain model to all replicas of all hosts: weights, optimizers, counters, metrics."""
        several_hosts = hosts(self.strategy) > 1

        @tf.function(autograph=False)
        def spread(values):
            context = tf.distribute.get_replica_context()
            for (_, variable), value in zip(self._pairs, values, strict=True):
                if several_hosts:  # all terms of the sum except the chief's are 0
                    is_first = tf.equal(context.replica_id_in_sync_group, 0)
                    mine = tf.where(is_first, value, tf.zeros_like(value))
                    value = context.all_reduce(tf.distribute.ReduceOp.SUM, mine)
                variable.assign(value)

        self.strategy.run(spread, args=([tf.convert_to_tensor(plain) for plain, _ in self._pairs],))

    def pull(self) -> None:
        """Copies the replicas' state, which is the same on all, to the plain model."""
        for plain, variable in self._pairs:
            plain.assign(self.strategy.experimental_local_results(variable.value)[0])

    def distribute(self, data: Callable[[Share], tf.data.Dataset]) -> tf.distribute.DistributedDataset:
        """The elements for the replicas of this host, from the pipeline of its share."""

        def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
            local = context.num_replicas_in_sync // context.num_input_pipelines
            return data(Share(context.num_replicas_in_sync, context.input_pipeline_id * local, local))

        return self.strategy.distribute_datasets_from_function(pipeline)


class Pull(EverySteps):
    """Copies the replicas' state into the plain model before other callbacks use or save the plain model.

    Args:
        every: the number of steps between two copies: the greatest common divisor of the other callbacks' steps.
        steps: the number of steps of the whole training.
        replicated: the copy in training.
    """

    def __init__(self, every: int, steps: int, replicated: Replicated):
        super().__init__(every, steps)
        self.replicated = replicated

    def on_train_batch_end(self, batch, logs=None):
        if self._step == 0:  # the first sample pictures are of the first step
            self.replicated.pull()
        super().on_train_batch_end(batch, logs)

    def at(self, step, logs):
        self.replicated.pull()


class StopTogether(StopOnSignal):
    """A signal on any host stops all of them after the same step, one of the next few.

    Args:
        strategy: a strategy of several hosts.
        every: the number of steps between two exchanges.
    """

    def __init__(self, strategy: tf.distribute.Strategy, every: int = 10):
        super().__init__()
        self.strategy, self.every = strategy, every

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_taken % self.every == 0:
            count = from_all(self.strategy, self._has_signal + MOST_HOSTS * self._is_over)
            self.stopped = count % MOST_HOSTS > 0
            self.model.stop_training = count > 0

    def on_train_begin(self, logs=None):
        self._has_signal = self._is_over = False
        super().on_train_begin(logs)

    def end(self) -> None:
        """Ends the training on all hosts at their next exchange."""
        self._is_over = True

    def _stop(self, number, frame):
        self._has_signal = True
        signal.signal(number, self._before[number])


@functools.cache
def _summing(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function that gives every replica the sum of all replicas' numbers, int64 []."""

    def sum_on_replica(number):
        own = tf.identity(number)  # moves the argument to the replica's device
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)

    return tf.function(lambda number: strategy.run(sum_on_replica, args=(number,)), autograph=False)


def state(model: TwoOptimizerModel) -> list[keras.Variable]:
    """All variables that training changes, in the same order for a copy of the model."""
    metrics = [variable for tracker in model.trackers.values() for variable in tracker.variables]
    optimizers = [*model.generator_optimizer.variables, *model.discriminator_optimizer.variables]
    return list({id(variable): variable for variable in [*model.variables, *optimizers, *metrics]}.values())


def _is_multi_worker(strategy: tf.distribute.Strategy | None) -> bool:
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def _multi_worker() -> tf.distribute.Strategy:
    cluster = _cluster()
    kind, index = cluster["task"]["type"], int(cluster["task"]["index"])
    address = cluster["cluster"][kind][index]
    _check_port(address, f"{kind} {index}")
    return tf.distribute.MultiWorkerMirroredStrategy()


def _tpu() -> tf.distribute.Strategy:
    name = os.environ.get("TPU_NAME", "local")
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, OSError, tf.errors.OpError) as error:
        reason = str(error).partition("\n")[0]
        raise GanzooError(
            f"no TPU '{name}' could be started ({reason}). TPU_NAME says which; --strategy=none needs none."
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def _cluster() -> dict:
    """The parsed TF_CONFIG, {"cluster": {job: [address, ...]}, "task": {"type": job, "index": number}}."""
    example = """TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'"""
    if "TF_CONFIG" not in os.environ:
        raise GanzooError(f"--strategy=multi_worker needs TF_CONFIG in the environment, such as {example}.")
    try:
        content = json.loads(os.environ["TF_CONFIG"])
        kind, index = content["task"]["type"], int(content["task"]["index"])
        jobs = content["cluster"]
        if kind not in ("chief", "worker") or not 0 <= index < len(jobs[kind]) or jobs.keys() - {"chief", "worker"}:
            raise ValueError(f"it names {kind} {index} of {json.dumps(jobs)}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GanzooError(f"TF_CONFIG cannot be used ({error}). Expected such as {example}.") from error
    return content


def _addresses(cluster: dict) -> list[tuple[str, int, str]]:
    """(job, index, address) of all processes, the chief first."""
    jobs = cluster["cluster"]
    return [(job, k, address) for job in ("chief", "worker") for k, address in enumerate(jobs.get(job, []))]


def _check_port(address: str, whose: str) -> None:
    """Raises GanzooError if a port is taken; TensorFlow's server would end the process instead."""
    port = address.rpartition(":")[2]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", int(port)))
        except (OSError, ValueError, OverflowError) as error:
            raise GanzooError(
                f"{whose} is to listen at {address} (TF_CONFIG), but port {port} cannot be had ({error}). Is another "
                "run, or an earlier start of this one, still there?"
            ) from error
