"""The precision that the hardware decides on."""

import pytest
import tensorflow as tf

from ganzoo import environment
from ganzoo.bases import precision


class Device:
    """A device beside the processor."""

    def __init__(self, kind, capability=None):
        self.kind, self.details = kind, {} if capability is None else {"compute_capability": capability}


V100, A100, UNKNOWN = Device("GPU", (7, 0)), Device("GPU", (8, 0)), Device("GPU")


@pytest.fixture
def machine(monkeypatch):
    """Lets the machine have a processor, with or without instructions for bfloat16, and further devices."""

    def have(processor, *others):
        monkeypatch.setattr(environment, "computes_bfloat16", lambda: processor)
        of_kind = lambda kind: [device for device in others if device.kind == kind]  # noqa: E731
        monkeypatch.setattr(tf.config, "list_physical_devices", of_kind)
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda device: device.details)

    return have


@pytest.mark.parametrize(
    ("processor", "others", "expected"),
    [
        (True, [], "mixed_bfloat16"),
        (False, [], "float32"),
        (None, [], "float32"),  # a system that does not tell
        (False, [A100], "mixed_bfloat16"),  # the processor does not train
        (True, [V100], "float32"),
        (True, [A100, V100], "float32"),  # a replica on each
        (True, [UNKNOWN], "float32"),
        (False, [Device("TPU")], "mixed_bfloat16"),
    ],
)
def test_auto_is_half_precision_where_every_device_that_trains_has_it(machine, processor, others, expected):
    machine(processor, *others)
    assert precision.resolve("auto") == expected


@pytest.mark.parametrize("asked", ["float32", "mixed_bfloat16"])
def test_a_precision_that_is_asked_for_is_taken_on_any_machine(machine, asked):
    for processor in (True, False):
        machine(processor)
        assert precision.resolve(asked) == asked
