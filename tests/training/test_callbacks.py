import os
import signal

import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.training.callbacks import EverySteps, Guard, StopOnSignal
from ganzoo.training.checkpoints import Checkpoints


class Record(EverySteps):
    def __init__(self, every, steps):
        super().__init__(every, steps)
        self.steps_seen = []

    def at(self, step, logs):
        self.steps_seen.append(step)


def test_multiples_count_from_the_runs_beginning_not_from_a_resumes(tiny, reals):
    """Three steps, then a second fit up to step 8: every second step and the last are seen once."""
    model, record = tiny("gan", (2,)), Record(2, 7)
    for steps in (3, 4):
        model.fit(reals(4 * steps, (2,)), batch_size=4, verbose=0, callbacks=[record])
    assert record.steps_seen == [2, 4, 6, 7]


def test_several_steps_in_one_call_miss_no_multiple(tiny, reals):
    model, record = tiny("gan", (2,)), Record(2, 9)
    model.compile(steps_per_execution=3)
    model.fit(reals(36, (2,)), batch_size=4, verbose=0, callbacks=[record])
    assert record.steps_seen == [3, 6, 9]


def test_nan_stops_at_its_step_and_names_the_last_good_checkpoint(tiny, reals, tmp_path):
    """The third step's weights hold a NaN: the error says step 3, and what is saved stays what it was."""
    model = tiny("gan", (2,))
    checkpoints = Checkpoints(tmp_path, model, keep=1)
    data = reals(12, (2,))
    model.fit(data[:8], batch_size=4, verbose=0)
    checkpoints.save()
    bias = model.generator.weights[-1]
    bias.assign(np.full(bias.shape, np.nan))
    with pytest.raises(GanzooError, match=r"nan at step 3.*ckpt-2"):
        model.fit(data[8:], batch_size=4, verbose=0, callbacks=[Guard(1e6, checkpoints)])


def test_a_weight_that_is_not_finite_is_never_saved(tiny, reals, tmp_path):
    """The losses can be finite all the same, since a ReLU in a graph can turn NaN into 0."""
    model = tiny("gan", (2,))
    checkpoints = Checkpoints(tmp_path, model, keep=1)
    model.fit(reals(8, (2,)), batch_size=4, verbose=0)
    checkpoints.save()
    model.fit(reals(4, (2,)), batch_size=4, verbose=0)
    kernel = model.ema_generator.weights[0]
    kernel.assign(np.where(np.arange(kernel.shape[-1]) == 0, np.nan, kernel))
    with pytest.raises(GanzooError, match=r"the weight .*kernel is not finite at step 3.*ckpt-2"):
        checkpoints.save()
    assert checkpoints.latest_step == 2


def test_a_loss_beyond_the_threshold_stops(tiny, reals, tmp_path):
    model = tiny("gan", (2,))
    guard = Guard(1e-3, Checkpoints(tmp_path, model, keep=1))
    with pytest.raises(GanzooError, match=r"at step 1: the training has diverged. There is no checkpoint yet"):
        model.fit(reals(4, (2,)), batch_size=4, verbose=0, callbacks=[guard])


def test_a_signal_ends_the_training_after_the_step_under_way(tiny, reals):
    class Interrupt(EverySteps):
        def at(self, step, logs):
            os.kill(os.getpid(), signal.SIGINT)

    model, stop = tiny("gan", (2,)), StopOnSignal()
    before = signal.getsignal(signal.SIGINT)
    model.fit(reals(40, (2,)), batch_size=4, shuffle=False, verbose=0, callbacks=[Interrupt(3, 10), stop])
    assert stop.stopped
    assert model.steps_taken == 3
    assert signal.getsignal(signal.SIGINT) is before
