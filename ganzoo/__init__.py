"""A zoo of generative adversarial networks on Keras 3, exported to sample better than the generator alone.

>>> import ganzoo
>>> ganzoo.list_models("wgan*")
['wgan', 'wgan_gp']
>>> model = ganzoo.create("wgan_gp", image_shape=(28, 28, 1))
"""

import importlib

from ganzoo.environment import __version__ as __version__
from ganzoo.environment import choose_backend, tune_tensorflow

tune_tensorflow()

# Imported at first use: `--help` and `--list` must answer before TensorFlow could be loaded.
_homes = {
    "GanzooError": "ganzoo.errors",
    "create": "ganzoo.models",
    "directions": "ganzoo.tasks.directions",
    "export_model": "ganzoo.tasks.notebook",
    "invert": "ganzoo.tasks.inversion",
    "list_models": "ganzoo.zoo.registry",
    "load": "ganzoo.models",
    "load_config": "ganzoo.zoo.recipes",
    "push": "ganzoo.serving.pushing",
    "register": "ganzoo.zoo.registry",
    "register_data": "ganzoo.data.names",
    "register_metric": "ganzoo.evaluation.suites",
    "register_networks": "ganzoo.networks",
    "register_signature": "ganzoo.export.own_signatures",
}
__all__ = sorted(_homes)


def __getattr__(name: str):
    if name not in _homes:
        raise AttributeError(f"module 'ganzoo' has no attribute '{name}'")
    if name != "GanzooError":
        choose_backend()  # before whoever asks imports Keras
    return getattr(importlib.import_module(_homes[name]), name)


def __dir__() -> list[str]:
    return __all__
