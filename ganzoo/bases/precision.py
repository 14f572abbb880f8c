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
    return "mixed_bfloat16" if _devices_compute_bfloat16() else "float32"


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


def _devices_compute_bfloat16() -> bool:
    """Whether all devices that TensorFlow trains on are known to have instructions for bfloat16.

    GPUs of NVIDIA have them from compute capability 8.0 on, and every TPU has them.
    """
    kinds = {kind: tf.config.list_physical_devices(kind) for kind in ("GPU", "TPU")}
    if not any(kinds.values()):
        return environment.computes_bfloat16() is True
    details = map(tf.config.experimental.get_device_details, kinds["GPU"])
    return all(detail.get("compute_capability", (0, 0)) >= (8, 0) for detail in details)
