#!/usr/bin/env bash
# keras 3.15.1, tensorflow 2.21.0, Python 3.11.
#
# Guess: with gradient_accumulation_steps=4 an optimizer does in 4 calls what it does without in one call with the mean
# gradient. Keras's page says so of the weights ("model & optimizer variables will not be updated at every step;
# instead they will be updated every `gradient_accumulation_steps` steps"), and of the average: "EMA frequency will look
# at 'accumulated' iterations value".
#
# What happens: the weights are the same, their moving average (use_ema) is not. It moves in each call. So a momentum
# of 0.9 becomes 0.9 ** 4 = 0.66 per update, and the average is four times as short.
#
#   a weight that goes up by 1 per update, momentum 0.9, after 60 updates     weight    average   behind by
#   no accumulation                                                           60        51.0      9.0
#   4 calls per update                                                        60        57.4      2.6
#   4 calls per update, momentum 0.9 ** (1 / 4)                               60        50.3      9.7
#
# With ema_overwrite_frequency the weights are overwritten in 4 calls in a row instead of one, so that they differ, too:
# with 3 they are 2.81 after 9 updates instead of 2.41.
#
# Why it matters: a generator is drawn with the average of its weights. Accumulation is taken where memory is short, and
# shortens the average by its factor: from 10,000 steps to 1,250 with 8 calls per update. The losses are the same. What
# to do: average the weights in your own train_step, once per update. The root of the momentum is nearly right.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0

cat > "$work/find.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf


def trained(calls, updates, momentum=0.9, overwrite=None):
    """The weight and its average after a number of updates, each of `calls` calls."""
    weight = keras.Variable(0.0)
    optimizer = keras.optimizers.SGD(
        1.0,
        use_ema=True,
        ema_momentum=momentum,
        ema_overwrite_frequency=overwrite,
        gradient_accumulation_steps=None if calls == 1 else calls,
    )
    optimizer.build([weight])
    for _ in range(calls * updates):
        optimizer.apply([tf.constant(-1.0)], [weight])
    average = next(each for each in optimizer.variables if "average" in each.path)
    return round(float(weight.value), 3), round(float(average.value), 3)


seen = {
    "none": trained(1, 60),
    "4 calls": trained(4, 60),
    "4 calls, root of the momentum": trained(4, 60, momentum=0.9**0.25),
    "overwritten, none": trained(1, 9, overwrite=3),
    "overwritten, 4 calls": trained(4, 9, overwrite=3),
}
expected = {
    "none": (60.0, 51.018),
    "4 calls": (60.0, 57.383),
    "4 calls, root of the momentum": (60.0, 50.279),
    "overwritten, none": (2.412, 2.412),
    "overwritten, 4 calls": (2.807, 2.807),
}
for case, values in seen.items():
    print(case, values)
if any(not np.allclose(values, expected[case], atol=0.01) for case, values in seen.items()):
    sys.exit("Changed: see the opening comment.")
print("As stated: the average moves in each call, not in each update.")
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
