"""The precision in which layers compute, as Keras's global policy has it."""

import sys

import keras
import tensorflow as tf

from ganzoo import environment


def resolve(precision: str) -> str:
    """The precision that "auto" stands for: "mixed_bfloat16" if every device computes in bfloat16, else "float32".

    Args:
        precision: "auto"; another one is returned as it is.
    """
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if devices_compute_bfloat16() else "float32"


def devices_compute_bfloat16() -> bool | None:
    """Whether the devices that TensorFlow trains on have instructions for bfloat16; None if that is not known.

    GPUs of NVIDIA have them from compute capability 8.0 on, and every TPU has them.
    """
    accelerators = [device for device in tf.config.list_physical_devices() if device.device_type in ("GPU", "TPU")]
    if not accelerators:
        return environment.computes_bfloat16()
    gpus = [device for device in accelerators if device.device_type == "GPU"]
    capabilities = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
    return None if None in capabilities else all(capability >= (8, 0) for capability in capabilities)


def choose(precision: str, flag: str) -> None:
    """Lets all layers that are made from now on compute in a precision, and says if it is slow here.

    Args:
        precision: "float32" or "mixed_bfloat16".
        flag: what the user can give to have float32.
    """
    keras.config.set_dtype_policy(precision)
    if (
        precision == "mixed_bfloat16"
        and all(device.device_type == "CPU" for device in tf.config.list_physical_devices())
        and devices_compute_bfloat16() is False
    ):
        print(
            "ganzoo: this processor has no instructions for bfloat16, so mixed_bfloat16 is several times as slow as "
            f"float32 here. Give {flag}.",
            file=sys.stderr,
        )
