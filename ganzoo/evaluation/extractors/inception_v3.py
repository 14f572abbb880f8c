"""Keras's InceptionV3 (Szegedy et al. 2015, https://arxiv.org/abs/1512.00567), which is not the network of FID.

Its 2,048 features are its last pooling. Figures by it cannot be compared with published FIDs: those are by the
Inception of 2015 (`fid_inception`).
"""

from pathlib import Path

import h5py
import keras

from ganzoo.evaluation.extractors.network import Network, in_float32, square


def of_keras(file: h5py.File, path: Path) -> Network:
    """Keras's own weights, with or without the top.

    Args:
        file: opened.
        path: of the same file, which Keras opens itself.
    """
    include_top = "predictions" in file
    arguments = dict(classes=1000, classifier_activation=None) if include_top else dict(pooling="avg")
    with in_float32():
        whole = keras.applications.InceptionV3(include_top=include_top, weights=str(path), **arguments)
        features = whole.get_layer("avg_pool").output if include_top else whole.output
        model = keras.Model(whole.input, features)

    def apply(pictures):
        return model(pictures / 127.5 - 1.0, training=False)

    return Network("inception_v3_", int(model.output_shape[-1]), apply, square(299))
