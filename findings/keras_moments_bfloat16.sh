#!/usr/bin/env bash
# keras 3.15.1, tensorflow 2.21.0, jax 0.10.2, Python 3.11, on a CPU.
#
# Guess: keras.ops.moments of bfloat16 numbers is the mean and the variance in float32, rounded to bfloat16. bfloat16
# reaches to 3e38, as float32 does.
#
# What happens: with TensorFlow and with JAX both are clipped to 65,504, the largest float16. In bfloat16 that is 65,536.
# The code computes in float32, "to avoid overflow and underflow when casting from float16", and means bfloat16, too.
# keras.ops.mean and keras.ops.var of the same numbers are right. A variance is clipped from a deviation of 256 on.
#
#   numbers in bfloat16                    ops.moments: mean, variance      ops.mean, ops.var
#   -100, 100                              0          10,000                0          10,000
#   -600, -300, 300, 600                   0          65,536                0          225,000
#   100,000 200,000 300,000 400,000        65,536     65,536                250,000    12,400,000,000
#   -400,000                               -65,536    0                     -400,000   0
#
# Why it matters: who writes a norm or a minibatch deviation by ops.moments for bfloat16 divides by at most 256. Features
# that grow in training are then no longer brought back to a deviation of 1. Keras's own norms cast to float32 before, and
# are not affected. What to do: cast to float32 first.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow==2.21.0 jax==0.10.2

cat > "$work/find.py" <<'PYTHON'
import sys

import numpy as np
from keras import ops

expected = {
    (-100, 100): (0, 10_000, 0, 10_000),
    (-600, -300, 300, 600): (0, 65_536, 0, 225_000),
    (100_000, 200_000, 300_000, 400_000): (65_536, 65_536, 250_000, 1.25e10),
    (-400_000,): (-65_536, 0, -400_000, 0),
}
changed = False
for numbers, figures in expected.items():
    x = ops.convert_to_tensor(np.array(numbers, np.float32))
    assert np.allclose([float(each) for each in ops.moments(x, [0])], (figures[2], figures[3]), rtol=1e-6)
    x = ops.cast(x, "bfloat16")
    seen = [float(each) for each in (*ops.moments(x, [0]), ops.mean(x), ops.var(x))]
    print(numbers, seen)
    changed = changed or not np.allclose(seen, figures, rtol=0.01)
if changed:
    sys.exit("Changed: see the opening comment.")
print("As stated: moments of bfloat16 numbers are clipped to 65,536.")
PYTHON

for backend in tensorflow jax; do
    KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/find.py"
done
