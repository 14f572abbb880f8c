r"""Trains the digits classifier that ganzoo ships, on full MNIST; writes it with its reference and its floor.

    python -m benchmarks.train_digits_classifier --data_dir ~/tensorflow_datasets

A new classifier changes every `fd_digits` figure: measure the zoo again, or keep the present classifier.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags, logging

from ganzoo.data import loading
from ganzoo.evaluation import digits_classifier
from ganzoo.evaluation.features import DigitsFeatures
from ganzoo.evaluation.frechet import Gaussian, fit_gaussian, frechet_distance
from ganzoo.evaluation.inception_score import inception_score

_data_dir = flags.DEFINE_string("data_dir", "", "The folder where TFDS has MNIST; default: TFDS's own.")
_out = flags.DEFINE_string("out", str(digits_classifier.ASSETS), "The folder for the classifier.")
_epochs = flags.DEFINE_integer("epochs", 14, "Epochs of training.", lower_bound=1)
_seed = flags.DEFINE_integer("seed", 0, "Seed of the weights, the shuffling and the shifts.")

_batch_size = 128
_shift = 2  # pixels, in each direction
_floor_draws = 10
_floor_count = 10_000


def train(images: np.ndarray, labels: np.ndarray, epochs: int) -> keras.Model:
    """Trains by cross-entropy, Adam and a cosine schedule, on digits shifted by up to two pixels.

    Args:
        images: uint8 [n, 28, 28, 1].
        labels: int64 [n].
    """

    def shifted(image, label):
        padded = tf.pad(image, [[_shift, _shift], [_shift, _shift], [0, 0]])
        crop = tf.image.random_crop(padded, digits_classifier.IMAGE_SHAPE)
        return tf.cast(crop, tf.float32) / 127.5 - 1.0, label

    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images))
    dataset = (
        dataset.map(shifted, num_parallel_calls=tf.data.AUTOTUNE).batch(_batch_size, drop_remainder=True).prefetch(2)
    )

    model = digits_classifier.build()
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=epochs * len(dataset), alpha=0.01)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.fit(dataset, epochs=epochs, shuffle=False, verbose=2)
    return model


def main(_):
    keras.utils.set_random_seed(_seed.value)
    training, test = (loading.load("mnist", data_dir=_data_dir.value, tfds_split=split) for split in ("train", "test"))
    model = train(training.samples, training.labels, _epochs.value)
    digits_classifier.round_weights(model)

    extractor = DigitsFeatures(model)
    test_features = extractor.features(test.samples)
    predictions = extractor.probabilities(test_features).argmax(axis=1)
    accuracy = float(np.mean(predictions == test.labels))
    logging.info("accuracy on the %d MNIST test images: %.2f %%", len(test), 100 * accuracy)

    reference = fit_gaussian(test_features)
    floor = measure_floor(extractor, extractor.features(training.samples), reference)
    logging.info("floor: %s", floor)
    facts = {
        "made_by": "benchmarks/train_digits_classifier.py",
        "trained_on": "the 60,000 MNIST training images",
        "test_accuracy": accuracy,
        "parameters": model.count_params(),
        "features": digits_classifier.FEATURES,
        "reference": f"mean and covariance of the features of the {len(test):,} MNIST test images",
        "floor_of": f"{_floor_count:,} random MNIST training images, {_floor_draws} draws",
        "floor": floor,
    }
    digits_classifier.save(model, reference, facts, Path(_out.value))
    logging.info("written to %s", _out.value)


def measure_floor(extractor: DigitsFeatures, features: np.ndarray, reference: Gaussian) -> dict[str, dict[str, float]]:
    """The scores of real digits: mean and standard deviation over several draws, by metric name."""
    rng = np.random.default_rng(_seed.value)
    draws = [features[rng.choice(len(features), _floor_count, replace=False)] for _ in range(_floor_draws)]
    scores = {
        "fd_digits10k": [frechet_distance(fit_gaussian(draw), reference) for draw in draws],
        "is_digits10k": [inception_score(extractor.probabilities(draw)) for draw in draws],
    }
    return {name: {"mean": float(np.mean(s)), "std": float(np.std(s, ddof=1))} for name, s in scores.items()}


if __name__ == "__main__":
    app.run(main)
