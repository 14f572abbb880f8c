"""The precision in which layers compute, as Keras's global policy has it."""

import sys

import keras
import tensorflow as tf

from ganzoo import environment


def choose(precision: str, flag: str) -> None:
    """Lets all layers that are made from now on compute in a precision, and says if it is slow here.

    Args:
        precision: "float32" or "mixed_bfloat16".
        flag: what the user can give to have float32.
    """
    keras.config.set_dtype_policy(precision)
    if (
        precision == "mixed_bfloat16"
        and environment.computes_bfloat16() is False
        and all(device.device_type == "CPU" for device in tf.config.list_physical_devices())
    ):
        print(
            "ganzoo: this processor has no instructions for bfloat16, so mixed_bfloat16 is several times as slow as "
            f"float32 here. Give {flag}.",
            file=sys.stderr,
        )
