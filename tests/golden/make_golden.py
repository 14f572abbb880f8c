"""Writes `tensorflow_addons.npz`: what the pieces of tensorflow-addons 0.23 that a GAN used give on small inputs.

tensorflow-addons cannot be imported beside the TensorFlow of this package. The script runs in an environment of its
own, with Python 3.11, the last that 0.23 has wheels for:

    python3.11 -m venv tfa_venv
    tfa_venv/bin/pip install 'tensorflow==2.15.1' 'tensorflow-addons==0.23.0' 'numpy<2'
    tfa_venv/bin/python tests/golden/make_golden.py

Inputs are stored with the outputs, so that `test_golden.py` needs nothing from here. Minibatch standard deviation and
pixel normalisation are missing because tensorflow-addons never had them: they were TF-GAN's.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

RATE, STEPS = 0.1, 6


def instance_normalization(rng: np.random.Generator) -> dict:
    """Outputs and the gradient by the inputs, at the epsilon that ganzoo has and at the one tensorflow-addons has."""
    x = tf.constant(rng.normal([0.0, 1.0, -2.0], [1.0, 0.1, 3.0], (2, 4, 5, 3)), tf.float32)
    gamma, beta = rng.normal(1.0, 0.5, 3), rng.normal(size=3)
    upstream = rng.normal(size=x.shape).astype(np.float32)
    arrays = dict(x=x, gamma=gamma, beta=beta, upstream=upstream)
    for name, arguments in (("", dict(epsilon=1e-5)), ("default_", {})):
        layer = tfa.layers.InstanceNormalization(**arguments)
        layer.build(x.shape)
        layer.set_weights([gamma, beta])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        arrays |= {f"{name}y": y, f"{name}gradient": tape.gradient(y, x, upstream)}
    return arrays


def spectral_normalization(rng: np.random.Generator, make, shape: tuple[int, ...]) -> dict:
    """The kernel and u after 1 call in training and after 50, and the gradient by the kernel in a 51st.

    Each call takes one step of power iteration and writes W / sigma into the kernel.
    """
    x = tf.constant(rng.normal(size=shape), tf.float32)
    layer = tfa.layers.SpectralNormalization(make())
    layer.build(x.shape)
    kernel, u = rng.normal(size=layer.w.shape), rng.normal(size=layer.u.shape)
    kernel, u = kernel.astype(np.float32), (u / np.linalg.norm(u)).astype(np.float32)
    layer.w.assign(kernel)
    layer.u.assign(u)
    arrays = dict(x=x, kernel=kernel, u=u[0])
    for call in range(1, 51):
        layer(x, training=True)
        if call in (1, 50):
            arrays |= {f"kernel_{call}": layer.w.numpy(), f"u_{call}": layer.u.numpy()[0]}
    upstream = rng.normal(size=layer(x).shape).astype(np.float32)
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    return arrays | dict(upstream=upstream, y=y, gradient=tape.gradient(y, layer.w, upstream))


def moving_average(rng: np.random.Generator) -> dict:
    """The averages after each of some steps of gradient descent, by a constant decay and by one that is ramped up."""
    start, gradients = rng.normal(size=(3, 2)), rng.normal(size=(STEPS, 3, 2))
    arrays = dict(start=start, gradients=gradients)
    for name, arguments in (
        ("constant", dict(average_decay=0.15)),
        # Counting from 0, as is its default, its first decay is 1/10; ganzoo counts from 1 and begins with 2/11.
        ("ramped", dict(average_decay=0.3, dynamic_decay=True, start_step=-1)),
    ):
        weights = tf.Variable(start, dtype=tf.float32)
        optimizer = tfa.optimizers.MovingAverage(tf.keras.optimizers.legacy.SGD(RATE), **arguments)
        averages = []
        for gradient in gradients.astype(np.float32):
            optimizer.apply_gradients([(tf.constant(gradient), weights)])
            averages.append(optimizer.get_slot(weights, "average").numpy())
        arrays |= {name: averages, "weights": weights}
    return arrays


def adamw(rng: np.random.Generator) -> dict:
    """The weights after each of some steps with given gradients; `weight_decay` is not multiplied by the rate."""
    start, gradients = rng.normal(size=(3, 2)), rng.normal(size=(STEPS, 3, 2))
    weights = tf.Variable(start, dtype=tf.float32)
    optimizer = tfa.optimizers.AdamW(weight_decay=0.004, learning_rate=RATE, beta_1=0.5, beta_2=0.9, epsilon=1e-7)
    steps = []
    for gradient in gradients.astype(np.float32):
        optimizer.apply_gradients([(tf.constant(gradient), weights)])
        steps.append(weights.numpy())
    return dict(start=start, gradients=gradients, weights=steps)


def main():
    layers = tf.keras.layers
    pieces = dict(
        instance=instance_normalization(np.random.default_rng(0)),
        dense=spectral_normalization(np.random.default_rng(1), lambda: layers.Dense(4, use_bias=False), (2, 5)),
        convolution=spectral_normalization(
            np.random.default_rng(2), lambda: layers.Conv2D(4, 3, padding="same", use_bias=False), (2, 4, 4, 3)
        ),
        average=moving_average(np.random.default_rng(3)),
        adamw=adamw(np.random.default_rng(4)),
    )
    arrays = {
        f"{piece}_{name}": np.asarray(array, np.float32) for piece, its in pieces.items() for name, array in its.items()
    }
    np.savez_compressed(Path(__file__).with_name("tensorflow_addons.npz"), **arrays)


if __name__ == "__main__":
    main()
