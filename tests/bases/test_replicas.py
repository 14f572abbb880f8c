"""Two logical devices, in one process of its own: TensorFlow must have them before it is used for anything."""

import json

import pytest

from ganzoo import list_models
from tests import processes

pytestmark = pytest.mark.slow
# Where a gradient is about as small as its rounding, Adam's first steps make a rate's share of the rounding.
CLOSE = {"cut": 1e-4}  # for biases before its heads' norm: half of a step


@pytest.fixture(scope="module")
def compared():
    """What `one_step.py` found, by objective."""
    done = processes.run(module="tests.training.one_step")
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", list_models())
def test_steps_on_two_replicas_are_the_steps_on_one_with_the_joined_batch(compared, name):
    """After three steps every weight, average, optimizer slot, counter and running mean is that of one device.

    To float tolerance, where the three steps moved the weights by a thousand times as much; batch norm, pools of past
    fakes, random numbers, critic steps and clipped weights included. Both replicas have the same weights.
    """
    found = compared[name]
    difference, variable = found["state"]
    assert found["steps"] == [3, 3]
    assert found["moved"] > 1e-3
    assert difference < min(CLOSE.get(name, 1e-5), 1e-3 * found["moved"]), variable
    assert found["logs"] < 1e-5
    assert found["between replicas"] == 0
