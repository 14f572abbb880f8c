#!/usr/bin/env bash
# tensorflow 2.21.0, keras 3.15.1, Python 3.11, x86-64 Linux (oneDNN is on there by default).
#
# Guess: a weight that is NaN makes the loss NaN, in eager code and in tf.function alike.
#
# What happens: in tf.function the graph optimizer fuses matmul or convolution, bias and ReLU into one operation, and
# oneDNN's ReLU of NaN is 0. So `fit` and `predict` see finite numbers, and the unit with the NaN is dead for good.
#
#                                         eager   tf.function   jit_compile   tf.function without oneDNN
#   NaN outputs of dense + bias + relu    16      0             16            16
#   of convolution + bias + relu          144     0             144           144
#   the same with leaky_relu, slope 0     144     0             144           144
#   the same with leaky_relu, slope 0.2   144     144           144           144
#   perceptron of three layers, one NaN weight in the first:
#     loss                                nan     finite                      nan
#     gradients that hold a NaN           all     none                        all
#     predict                                     finite                      nan
#
# ReLU behind batch norm or a transposed convolution kept the NaN, too.
#
# Why it matters: a GAN that has diverged goes on "training" with a finite loss, so TerminateOnNaN and a check of the
# samples never fire, and its export answers with finite pictures. What to do: check the weights for NaN, not the loss
# or the samples. A `tf.debugging.check_numerics` between the bias and the ReLU prevents the fusion; behind the ReLU
# it is too late. TF_ENABLE_ONEDNN_OPTS=0 keeps the NaN and is slower.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorflow==2.21.0 keras==3.15.1

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 16)).astype("float32")
bias = np.full(16, 0.1, "float32")
pictures = np.ones((2, 16, 16, 8), "float32")
pictures[0, 3, 3, 2] = np.nan


def dense(x):
    return tf.nn.relu(tf.nn.bias_add(tf.matmul(tf.reshape(x, [-1, 8]), kernel[0, 0]), bias))


def convolution(x, activation=tf.nn.relu):
    return activation(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))


def flat(x):
    return convolution(x, lambda y: tf.nn.leaky_relu(y, 0.0))


def leaky(x):
    return convolution(x, lambda y: tf.nn.leaky_relu(y, 0.2))


def compiled(function):
    return tf.function(function, jit_compile=True)


def lost(function):
    """NaN outputs in eager code, in tf.function and compiled by XLA."""
    return tuple(int(np.isnan(each(pictures)).sum()) for each in (function, tf.function(function), compiled(function)))


network = keras.Sequential(
    [keras.Input([8]), *(keras.layers.Dense(16, activation="relu") for _ in range(2)), keras.layers.Dense(2)]
)
weights = network.get_weights()
weights[0][0, 0] = np.nan
network.set_weights(weights)
rows = np.ones((4, 8), "float32")


def loss_and_gradients(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(x) - 1.0))
    return loss, tape.gradient(loss, network.trainable_variables)


eager, eager_gradients = loss_and_gradients(rows)
graph, graph_gradients = tf.function(loss_and_gradients)(rows)
checked = tf.function(lambda x: convolution(x, lambda y: tf.nn.relu(tf.debugging.check_numerics(y, "NaN"))))
try:
    checked(pictures)
    raises = False
except tf.errors.InvalidArgumentError:
    raises = True

seen = {
    "dense": lost(dense),
    "convolution": lost(convolution),
    "slope 0": lost(flat),
    "slope 0.2": lost(leaky),
    "loss is NaN": (bool(np.isnan(eager)), bool(np.isnan(graph))),
    "predict is NaN": bool(np.isnan(network.predict(rows, verbose=0)).any()),
    "gradients hold a NaN": tuple(any(np.isnan(g).any() for g in each) for each in (eager_gradients, graph_gradients)),
    "check_numerics before the ReLU raises": raises,
}
hidden = sys.argv[1] == "1"  # oneDNN is on
expected = {
    "dense": (16, 0 if hidden else 16, 16),
    "convolution": (144, 0 if hidden else 144, 144),
    "slope 0": (144, 0 if hidden else 144, 144),
    "slope 0.2": (144, 144, 144),
    "loss is NaN": (True, not hidden),
    "predict is NaN": not hidden,
    "gradients hold a NaN": (True, not hidden),
    "check_numerics before the ReLU raises": True,
}
print(f"oneDNN {'on' if hidden else 'off'}:", seen)
if seen != expected:
    sys.exit(f"Changed. Expected: {expected}")
PYTHON

for onednn in 1 0; do
  TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=$onednn "$work/venv/bin/python" "$work/find.py" $onednn
done
echo "As stated: oneDNN's fused ReLU turns NaN into 0 in tf.function."
