"""Which devices and hosts train together, and how a run's model gets onto them and back.

Only training is distributed. Every host builds the same plain model; `Replicated` is its copy on all devices, trained
there and copied back on the chief, which alone writes checkpoints, samples, metrics and the export. So what a run
leaves does not tell how many devices it had, and it can go on on another number of them.
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

from ganzoo.bases.stepped import SteppedModel
from ganzoo.data.pipeline import Share
from ganzoo.errors import GanzooError
from ganzoo.training.callbacks import EverySteps, StopOnSignal

# What TensorFlow raises when another host is gone, each according to where it was found out.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnknownError,
)


def resolve(name: str) -> tf.distribute.Strategy | None:
    """The strategy of a flag's value; to be called before TensorFlow has been used for anything.

    Args:
        name: "none" is one device; "mirrored" all GPUs of this machine; "multi_worker" the hosts of the environment's
            TF_CONFIG, whose server it starts; "tpu" the TPU of TPU_NAME, or this machine's own; "auto" chooses: several
            hosts, a TPU, several GPUs, or one device.

    Returns:
        None for one device.

    Raises:
        GanzooError: for a TF_CONFIG that says nothing or something else, a port that is taken, and a TPU that is not
            there.
    """
    if name == "auto":
        name = _found()
    if name == "none":
        return None
    if name == "multi_worker":
        return _multi_worker()
    if name == "tpu":
        return _tpu()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _found() -> str:
    if "TF_CONFIG" in os.environ and len(_addresses(_cluster())) > 1:
        return "multi_worker"
    if "TPU_NAME" in os.environ or tf.config.list_physical_devices("TPU"):
        return "tpu"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "none"


def describe(strategy: tf.distribute.Strategy | None) -> str:
    """Such as `2 hosts of 4 replicas each`, or nothing for one device."""
    if strategy is None:
        return ""
    count = hosts(strategy)
    each = strategy.num_replicas_in_sync // count
    return f"{count} hosts of {each} replica{'s'[: each > 1]} each" if count > 1 else f"{each} replicas"


def hosts(strategy: tf.distribute.Strategy | None) -> int:
    """How many processes train together."""
    return len(_addresses(_cluster())) if _is_multi_worker(strategy) else 1


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Whether this process is the one that writes."""
    if not _is_multi_worker(strategy):
        return True
    cluster = _cluster()
    return (cluster["task"]["type"], int(cluster["task"]["index"])) == _addresses(cluster)[0][:2]


def from_chief(strategy: tf.distribute.Strategy | None, number: int) -> int:
    """The chief's number, on every host; each waits here for all others."""
    return from_all(strategy, number if is_chief(strategy) else 0)


def from_all(strategy: tf.distribute.Strategy | None, number: int) -> int:
    """The sum of the hosts' numbers, on every host; each waits here for all others."""
    if hosts(strategy) == 1:
        return number
    total = _summing(strategy)(tf.constant(number, tf.int64))
    each = strategy.num_replicas_in_sync // hosts(strategy)
    return int(strategy.experimental_local_results(total)[0]) // each


@contextlib.contextmanager
def company(strategy: tf.distribute.Strategy | None) -> Iterator[None]:
    """What all hosts do together: none of them leaves it, but by an error, before all others have come to its end.

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
        plain: compiled; on all hosts of the same config.
        strategy: that of `resolve`.

    Attributes:
        model: the copy, compiled alike, for `fit`. Its variables are not yet those of the plain one: `push`.
    """

    def __init__(self, plain: SteppedModel, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        with strategy.scope():
            self.model = type(plain).from_config(plain.get_config())
            self.model.compile_from_config(plain.get_compile_config())
        self._pairs = list(zip(state(plain), state(self.model), strict=True))

    def push(self) -> None:
        """All replicas of all hosts get what the chief's plain model has: weights, optimizers, counters, metrics."""
        several_hosts = hosts(self.strategy) > 1

        @tf.function(autograph=False)
        def spread(values):
            context = tf.distribute.get_replica_context()
            for (_, variable), value in zip(self._pairs, values, strict=True):
                if several_hosts:  # a sum of which all terms but the first are 0
                    is_first = tf.equal(context.replica_id_in_sync_group, 0)
                    mine = tf.where(is_first, value, tf.zeros_like(value))
                    value = context.all_reduce(tf.distribute.ReduceOp.SUM, mine)
                variable.assign(value)

        self.strategy.run(spread, args=([tf.convert_to_tensor(plain) for plain, _ in self._pairs],))

    def pull(self) -> None:
        """The plain model gets what the replicas have, all of which have the same."""
        for plain, variable in self._pairs:
            plain.assign(self.strategy.experimental_local_results(variable.value)[0])

    def distribute(self, data: Callable[[Share], tf.data.Dataset]) -> tf.distribute.DistributedDataset:
        """The elements that the replicas of this host take, by the pipeline of its share."""

        def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
            local = context.num_replicas_in_sync // context.num_input_pipelines
            return data(Share(context.num_replicas_in_sync, context.input_pipeline_id * local, local))

        return self.strategy.distribute_datasets_from_function(pipeline)


class Pull(EverySteps):
    """Copies the replicas' state into the plain model before what looks at that one or saves it.

    Args:
        every: steps; of all that others do at multiples, the greatest common divisor.
        steps: of the whole training.
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
        strategy: of several hosts.
        every: steps after which they ask each other.
    """

    def __init__(self, strategy: tf.distribute.Strategy, every: int = 10):
        super().__init__()
        self.strategy, self.every = strategy, every

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_taken % self.every == 0:
            self.model.stop_training = self.stopped = from_all(self.strategy, self._asked) > 0

    def on_train_begin(self, logs=None):
        self._asked = False
        super().on_train_begin(logs)

    def _stop(self, number, frame):
        self._asked = True
        signal.signal(number, self._before[number])


@functools.cache
def _summing(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Numbers int64 [] to the sum of all replicas', on each."""

    def of_replica(number):
        own = tf.identity(number)  # on the replica's device, which an argument is not
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)

    return tf.function(lambda number: strategy.run(of_replica, args=(number,)), autograph=False)


def state(model: SteppedModel) -> list[keras.Variable]:
    """All that training changes, in an order that is the same for a copy."""
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
    """TF_CONFIG as TensorFlow takes it, {"cluster": {job: [address, ...]}, "task": {"type": job, "index": number}}."""
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
    """TensorFlow's server ends the process where it cannot have its port."""
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
