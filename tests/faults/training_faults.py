"""Faults in how a model is trained: what all objectives share, the loop, random numbers and data."""

from fault import Fault

FAULTS = [
    # What all objectives share.
    Fault(
        "moving average: old and new exchanged",
        "average.assign(weight + decay * (average - weight))  #",
        "average.assign(average + decay * (weight - average))  #",
        "bases/test_adversarial.py",
    ),
    Fault(
        "moving average: another ramp of the decay",
        "return tf.minimum(self.ema_decay, (1.0 + steps) / (10.0 + steps))",
        "return tf.minimum(self.ema_decay, (2.0 + steps) / (10.0 + steps))",
        "golden/test_golden.py",
    ),
    Fault(
        "n_critic: one discriminator step is missing",
        "lambda draw, _: draw < self.n_critic,",
        "lambda draw, _: draw < self.n_critic - 1,",
        "models/test_sngan.py",
    ),
    Fault(
        "the seed of a step: the run's seed is dropped",
        "return noise.fold_in(noise.root(self.seed, purpose), self.step, draw)",
        "return noise.fold_in(noise.root(0, purpose), self.step, draw)",
        "bases/test_adversarial.py",
    ),
    Fault(
        "the seed of a step: the draw is dropped",
        "return noise.fold_in(noise.root(self.seed, purpose), self.step, draw)",
        "return noise.fold_in(noise.root(self.seed, purpose), self.step, 0)",
        "bases/test_stepped.py",
    ),
    Fault(
        "a step is not counted",
        "        self.step.assign_add(1)\n",
        "",
        "bases/test_adversarial.py",
    ),
    Fault(
        "replicas: all have the rows of the first",
        "return tf.cast(replica, tf.int32) * tf.cast(row_count, tf.int32)",
        "return 0 * tf.cast(replica, tf.int32) * tf.cast(rows, tf.int32)",
        "bases/test_replicas.py",
    ),
    Fault(
        "replicas: gradients are summed and not averaged",
        "return [tf.convert_to_tensor(gradient) / count() for gradient in gradients]",
        "return [tf.convert_to_tensor(gradient) for gradient in gradients]",
        "bases/test_replicas.py",
    ),
    Fault(
        "the discriminator's schedule ends n_critic times too early",
        'build(specs["discriminator"], steps * n_critic)',
        'build(specs["discriminator"], steps)',
        "bases/test_optimizers.py",
    ),
    Fault(
        "Adam's bias correction is a step behind",
        "steps = tf.cast(self.iterations + 1, tf.float32)",
        "steps = tf.cast(self.iterations + 2, tf.float32)",
        "bases/test_optimizers.py",
    ),
    # The training's loop.
    Fault(
        "resume: a step is left out",
        "elements, end = data(step, WHOLE), {}",
        "elements, end = data(step + (1 if step else 0), WHOLE), {}",
        "test_run.py::test_a_killed_run_ends_with_exactly_the_weights_of_an_uninterrupted_one[wgan_gp]",
    ),
    Fault(
        "validation: the worst checkpoint is kept",
        "return min(self.values, key=self.values.get, default=None)",
        "return max(self.values, key=self.values.get, default=None)",
        "training/test_validation.py",
    ),
    Fault(
        "validation: patience ends a measurement too late",
        "return 0 < patience <= self.since_best",
        "return 0 < patience < self.since_best",
        "training/test_validation.py",
    ),
    Fault(
        "resume: the oldest checkpoint is taken",
        "paths = list(reversed(self._manager.checkpoints))",
        "paths = list(self._manager.checkpoints)",
        "training/test_checkpoints.py",
    ),
    Fault(
        "checkpoints: one too many is kept",
        "max_to_keep=keep)",
        "max_to_keep=keep + 1)",
        "training/test_checkpoints.py",
    ),
    Fault(
        "nothing is done after the last step",
        "before // self.every or self._step == self.steps:",
        "before // self.every:",
        "training/test_callbacks.py",
    ),
    Fault(
        "the guard lets NaN pass",
        "if diverged or not math.isfinite(value):",
        "if diverged:",
        "training/test_callbacks.py",
    ),
    Fault(
        "collapse: one low check is enough",
        "IN_A_ROW = 2",
        "IN_A_ROW = 1",
        "training/test_collapse.py",
    ),
    Fault(
        "workdirs: another run's folder is taken over",
        "if old.get(key) != new.get(key) and not key.startswith(FREE):",
        "if False:",
        "tasks/test_workdirs.py",
    ),
    # Random numbers.
    Fault(
        "noise: rows overlap",
        "offset = tf.cast(first_row, tf.uint64) * tf.cast(blocks, tf.uint64)",
        "offset = tf.cast(first_row, tf.uint64)",
        "test_noise.py",
    ),
    Fault(
        "noise: what is folded in is dropped",
        "tf.stack([tf.constant(_BEYOND_ROWS, tf.uint64), tf.cast(value, tf.uint64)])",
        "tf.stack([tf.constant(_BEYOND_ROWS, tf.uint64), tf.cast(0, tf.uint64)])",
        "test_noise.py",
    ),
    # Data.
    Fault(
        "data: a fourth is set aside",
        "return min(total // 5, 10_000)",
        "return min(total // 4, 10_000)",
        "data/test_parts.py",
    ),
    Fault(
        "data: equal pictures land in several parts",
        "kinds = equal_samples(reals.samples)\n    different",
        "kinds = np.arange(len(reals.samples))\n    different",
        "data/test_parts.py",
    ),
    Fault(
        "data: resumed batches are a step ahead",
        "numbers = tf.data.Dataset.range(first_step * share.local, steps * share.local)",
        "numbers = tf.data.Dataset.range((first_step + min(first_step, 1)) * share.local, steps * share.local)",
        "data/test_pipeline.py",
    ),
    Fault(
        "data: every machine has the rows of the first replica",
        "rows[:, share.first + k].ravel()",
        "rows[:, k].ravel()",
        "data/test_pipeline.py",
    ),
    Fault(
        "data: a quarter is flipped",
        "total), which) < 0.5",
        "total), which) < 0.25",
        "data/test_pipeline.py",
    ),
    Fault(
        "data: the corner is kept and not the centre",
        "left, top = (image.width - kept[0]) // 2, (image.height - kept[1]) // 2",
        "left, top = 0, 0",
        "data/test_framing.py",
    ),
    Fault(
        "data: red is the units",
        "np.array([100, 10, 1])",
        "np.array([1, 10, 100])",
        "sources/test_stacked_digits.py",
    ),
    Fault(
        "data: bytes become floats by another scale",
        "return samples.astype(np.float32) / np.float32(127.5) - np.float32(1)",
        "return samples.astype(np.float32) / np.float32(128) - np.float32(1)",
        "data/test_reals.py",
    ),
]
