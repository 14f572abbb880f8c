"""Small faults put into the package by hand, and the tests that have to catch them; `run.py` puts them in, in turn.

A fault names the code by its text, which must stand in the package exactly once, so that a file may move. Tests are
named by the end of their path; `file.py::name` is one test of the file.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """One change that makes the package wrong.

    Attributes:
        name: what is wrong then.
        old: the right code.
        new: the wrong code in its place.
        tests: whose failure is asked for.
    """

    name: str
    old: str
    new: str
    tests: str


FAULTS = [
    # Losses.
    Fault(
        "binary cross-entropy: the sign of the reals' logits",
        "tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))",
        "tf.reduce_mean(tf.nn.softplus(real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))",
        "losses/test_adversarial.py",
    ),
    Fault(
        "minimax generator: the sign",
        "return -tf.reduce_mean(tf.nn.softplus(fake_logits))",
        "return tf.reduce_mean(tf.nn.softplus(fake_logits))",
        "losses/test_adversarial.py",
    ),
    Fault(
        "non-saturating generator: the sign",
        "return tf.reduce_mean(tf.nn.softplus(-fake_logits))",
        "return -tf.reduce_mean(tf.nn.softplus(-fake_logits))",
        "losses/test_adversarial.py",
    ),
    Fault(
        "Wasserstein estimate: the sign of the fakes",
        "return tf.reduce_mean(real_logits) - tf.reduce_mean(fake_logits)",
        "return tf.reduce_mean(real_logits) + tf.reduce_mean(fake_logits)",
        "losses/test_adversarial.py",
    ),
    Fault(
        "least squares: the sign of the target",
        "tf.square(outputs - target)",
        "tf.square(outputs + target)",
        "losses/test_adversarial.py",
    ),
    Fault(
        "hinge: the sign of the reals' logits",
        "tf.nn.relu(1.0 - real_logits)",
        "tf.nn.relu(1.0 + real_logits)",
        "losses/test_adversarial.py",
    ),
    Fault(
        "relativistic: winner and loser exchanged",
        "tf.nn.softplus(losing_logits - winning_logits)",
        "tf.nn.softplus(winning_logits - losing_logits)",
        "losses/test_adversarial.py",
    ),
    Fault(
        "translators' L1: signed differences",
        "return tf.reduce_mean(tf.abs(x - y))",
        "return tf.reduce_mean(x - y)",
        "bases/test_translating.py",
    ),
    # Penalties.
    Fault(
        "gradient penalty: the sign of 1", "excess = norms - 1.0", "excess = norms + 1.0", "losses/test_penalties.py"
    ),
    Fault(
        "gradient norm: the sum along the wrong axes",
        "return tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=range(1, gradients.shape.rank)) + 1e-12)",
        "return tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=range(gradients.shape.rank - 1)) + 1e-12)",
        "losses/test_penalties.py",
    ),
    Fault(
        "interpolation: reals and fakes exchanged",
        "return weight * reals + (1.0 - weight) * fakes",
        "return (1.0 - weight) * reals + weight * fakes",
        "losses/test_penalties.py",
    ),
    Fault(
        "R1: its factor 1/2 is missing",
        "return logits, weight / 2 * tf.reduce_mean(squared)",
        "return logits, weight * tf.reduce_mean(squared)",
        "models/test_cgan.py",
    ),
    Fault(
        "batch norm under a gradient penalty: the check is gone",
        "if isinstance(layer, keras.layers.BatchNormalization):\n            raise",
        "if False:\n            raise",
        "models/test_wgan_gp.py",
    ),
    Fault(
        "weight clipping: another upper limit",
        "tf.clip_by_value(variable, -limit, limit)",
        "tf.clip_by_value(variable, -limit, 2 * limit)",
        "losses/test_penalties.py",
    ),
    Fault(
        "leaky ReLU: a stop_gradient is missing",
        "signs = tf.stop_gradient(outputs)",
        "signs = outputs",
        "layers/test_basic.py",
    ),
    # Objectives.
    Fault(
        "gan: the sign of the generator's loss",
        "generator_loss = GENERATOR_LOSSES[self.generator_loss](self.discriminate(fake))",
        "generator_loss = -GENERATOR_LOSSES[self.generator_loss](self.discriminate(fake))",
        "models/test_gan.py",
    ),
    Fault(
        "dcgan: latents on [0, 1]",
        "return tf.math.erf(normal / math.sqrt(2.0))",
        "return (tf.math.erf(normal / math.sqrt(2.0)) + 1.0) / 2.0",
        "models/test_dcgan.py",
    ),
    Fault(
        "lsgan: the targets of reals and fakes exchanged",
        "losses.least_squares(real_logits, b) + losses.least_squares(fake_logits, a)",
        "losses.least_squares(real_logits, a) + losses.least_squares(fake_logits, b)",
        "models/test_lsgan.py",
    ),
    Fault(
        "cgan: the fakes' labels shifted by one",
        "fake = self.generate(draw, real, label)",
        "fake = self.generate(draw, real, (label + 1) % self.num_classes)",
        "models/test_cgan.py",
    ),
    Fault(
        "infogan: the sign of the information in the generator's loss",
        "loss = generator_loss - self.information_weight * (category_info + continuous_info)",
        "loss = generator_loss + self.information_weight * (category_info + continuous_info)",
        "models/test_infogan.py",
    ),
    Fault(
        "infogan: half of the categories are never drawn",
        "tf.floor((codes[:, 0] + 1.0) / 2.0 * self.codes.categories)",
        "tf.floor(tf.abs(codes[:, 0]) / 2.0 * self.codes.categories)",
        "models/test_infogan.py",
    ),
    Fault(
        "sngan: no power iteration",
        "power_iteration(self.discriminator)\n            with tf.GradientTape() as tape:",
        "with tf.GradientTape() as tape:",
        "models/test_sngan.py",
    ),
    Fault(
        "sngan: the sign of the generator's loss",
        "return dict(discriminator_loss=discriminator_loss, real_logits=real_logits, fake_logits=fake_logits)\n\n"
        "        logged = self.critic_steps(discriminator_step, reals)\n"
        "        with tf.GradientTape() as tape:\n"
        "            fake = self.generate(self.n_critic, like=self.critic_batches(reals)[-1])\n"
        "            generator_loss = -tf",
        "return dict(discriminator_loss=discriminator_loss, real_logits=real_logits, fake_logits=fake_logits)\n\n"
        "        logged = self.critic_steps(discriminator_step, reals)\n"
        "        with tf.GradientTape() as tape:\n"
        "            fake = self.generate(self.n_critic, like=self.critic_batches(reals)[-1])\n"
        "            generator_loss = tf",
        "models/test_sngan.py",
    ),
    Fault(
        "dragan: neighbours on the other side",
        "perturbed = real + self.perturbation * deviation",
        "perturbed = real - self.perturbation * deviation",
        "models/test_dragan.py",
    ),
    Fault(
        "wgan: the sign of the critic's loss",
        "critic_loss = -wasserstein",
        "critic_loss = wasserstein",
        "models/test_wgan.py",
    ),
    Fault("wgan: the schedule's limit off by one", "EXTRA_AT_FIRST = 25", "EXTRA_AT_FIRST = 26", "models/test_wgan.py"),
    Fault(
        "wgan_gp: the sign of the critic's loss",
        "critic_loss = self.gradient_penalty_weight * penalty - wasserstein",
        "critic_loss = self.gradient_penalty_weight * penalty + wasserstein",
        "models/test_wgan_gp.py",
    ),
    Fault(
        "pggan: the sign of the drift term",
        "self.gradient_penalty_weight * penalty + self.drift_weight * drift - wasserstein",
        "self.gradient_penalty_weight * penalty - self.drift_weight * drift - wasserstein",
        "models/test_pggan.py",
    ),
    Fault(
        "pggan: levels fade in a phase late",
        "begins = [self.stable_images + level * phase",
        "begins = [self.stable_images + (level + 1) * phase",
        "models/test_pggan.py",
    ),
    Fault(
        "r3gan: R2 is subtracted",
        "gamma / 2 * tf.reduce_mean(r1 + r2)",
        "gamma / 2 * tf.reduce_mean(r1 - r2)",
        "models/test_r3gan.py",
    ),
    Fault(
        "r3gan: the generator wants reals to win",
        "generator_loss = losses.relativistic(fake_logits, real_logits)",
        "generator_loss = losses.relativistic(real_logits, fake_logits)",
        "models/test_r3gan.py",
    ),
    Fault(
        "pix2pix: the sign of the distance",
        "generator_loss = adversarial + self.l1_weight * distance",
        "generator_loss = adversarial - self.l1_weight * distance",
        "models/test_pix2pix.py",
    ),
    Fault(
        "pix2pix: every row has the noise of row 0",
        "return self.generator([images, noise.stream(seed, first_row)], training=False)",
        "return self.generator([images, noise.stream(seed, 0)], training=False)",
        "export/test_translation_signatures.py::test_a_file_has_the_noise_of_its_row_like_an_array",
    ),
    Fault(
        "cyclegan: the way back is compared with the other domain",
        "cycle = l1(self.b_to_a(fake_b, training=True), a)",
        "cycle = l1(self.b_to_a(fake_b, training=True), b)",
        "models/test_cyclegan.py",
    ),
    Fault(
        "cyclegan: both pools have one seed",
        "self.step_seed(noise.Purpose.POOL, 1)",
        "self.step_seed(noise.Purpose.POOL, 0)",
        "models/test_cyclegan.py::test_each_pool_replaces_pictures_at_random_by_itself",
    ),
    Fault(
        "stargan: the sign of the reals' classification",
        "+ self.classification_weight * real_classification",
        "- self.classification_weight * real_classification",
        "models/test_stargan.py",
    ),
    Fault(
        "stargan: fakes are to be of their old domain",
        "cross_entropy(domain, target)",
        "cross_entropy(domain, own)",
        "models/test_stargan.py",
    ),
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
    # Samplers.
    Fault(
        "DRS: the sign of gamma in F-hat",
        "return gap - _log_complement(gap, epsilon) - gamma",
        "return gap - _log_complement(gap, epsilon) + gamma",
        "sampling/test_drs.py",
    ),
    Fault(
        "DRS: gamma is left out",
        "return tf.sigmoid(_above(tf.minimum(log_ratio, maximum), maximum) - level)",
        "return tf.sigmoid(_above(tf.minimum(log_ratio, maximum), maximum) - maximum)",
        "sampling/test_drs.py",
    ),
    Fault(
        "DRS: the percentile's limit off by one",
        "last = ascending.shape[-1] - 1",
        "last = ascending.shape[-1] - 2",
        "sampling/test_drs.py",
    ),
    Fault(
        "rejection: more proposals than the bound",
        "accepted = accepted & within & (rank <= num_samples)",
        "accepted = accepted & (rank <= num_samples)",
        "sampling/test_rejection.py",
    ),
    Fault(
        "rejection: a round forgets the maximum of those before",
        "            running[-1],\n",
        "            largest,\n",
        "sampling/test_rejection.py",
    ),
    Fault(
        "rejection: uniforms of another seed's stream",
        "accepted = noise.uniform(uniform_seed, row_count, first_row=proposed) < probability\n\n        rank",
        "accepted = noise.uniform(uniform_seed, row_count) < probability\n\n        rank",
        "sampling/test_rejection.py",
    ),
    Fault(
        "OBRS: another budget",
        "target = count / tf.maximum(tf.cast(budget, tf.float32), 1.0)",
        "target = count / tf.maximum(tf.cast(budget, tf.float32) + 1.0, 1.0)",
        "sampling/test_obrs.py",
    ),
    Fault(
        "MH: the ratio upside down",
        "gap = tf.where(tf.math.is_inf(current), 0.0, candidate - current)",
        "gap = tf.where(tf.math.is_inf(current), 0.0, current - candidate)",
        "sampling/test_mh.py",
    ),
    Fault(
        "MH: a chain's proposals depend on the number of chains",
        "first_row = k * max_chains + first",
        "first_row = k * num_chains + first",
        "sampling/test_mh.py",
    ),
    Fault(
        "by class: the maximum of the next class",
        "largest = tf.maximum(tf.gather(burn_in[:, -1], labels), ratio)",
        "largest = tf.maximum(tf.gather(tf.roll(burn_in[:, -1], -1, 0), labels), ratio)",
        "sampling/test_per_class.py",
    ),
    Fault(
        "by class: more proposals than the bound",
        "        accepted &= proposed + places < max_proposals\n",
        "",
        "sampling/test_per_class.py",
    ),
    Fault(
        "the burn-in is not sorted",
        "return tf.sort(ratio if num_classes is None else tf.reshape(ratio, [num_classes, class_size]))",
        "return ratio if num_classes is None else tf.reshape(ratio, [num_classes, class_size])",
        "sampling/test_proposals.py",
    ),
    Fault(
        "an infinite log ratio is the maximum",
        'return tf.where(tf.math.is_finite(ratio), ratio, float("-inf"))',
        'return tf.where(tf.math.is_nan(ratio), float("-inf"), ratio)',
        "sampling/test_proposals.py",
    ),
    # Density ratio.
    Fault(
        "calibration: tempering is ignored",
        'return options["tempering"] * calibrator(estimate(samples, *labels))',
        "return calibrator(estimate(samples, *labels))",
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "calibration: it is left out",
        'calibrator, log_loss = calibrate(options["calibration"],',
        'calibrator, log_loss = calibrate("none",',
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "calibration: the numbers of reals and fakes shift it",
        "weights = np.repeat([half / len(real), half / len(fake)], [len(real), len(fake)])",
        "weights = np.ones(len(real) + len(fake))",
        "density_ratio/test_calibration.py",
    ),
    Fault(
        "the shares of the reals overlap",
        "parts = np.split(order, [total - stops - calibrations, total - calibrations])",
        "parts = [order[: total - calibrations], order[:stops], order[total - calibrations :]]",
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "the worst weights of a fit are kept",
        "(loss := float(held_out_loss())) < best:",
        "(loss := float(held_out_loss())) > best:",
        "density_ratio/test_estimators.py",
    ),
    Fault(
        "logits that are no log ratio count as one",
        'if n != "discriminator" or model.logits_are_log_ratio]',
        "]",
        "density_ratio/test_estimators.py",
    ),
    # Networks.
    Fault(
        "equalized layers: the root of the fan-in is missing",
        "self.scale = self.gain / math.sqrt(math.prod(kernel_shape[:-1]))",
        "self.scale = self.gain / math.prod(kernel_shape[:-1])",
        "layers/test_equalized.py",
    ),
    Fault(
        "minibatch deviation: other groups",
        "member = tf.one_hot(tf.range(batch_size) % groups, groups)",
        "member = tf.one_hot(tf.minimum(tf.range(batch_size) // self.group_size, groups - 1), groups)",
        "layers/test_equalized.py",
    ),
    Fault(
        "spectral norm: half of a power iteration",
        "v = tf.math.l2_normalize(tf.linalg.matvec(kernel, self.u), epsilon=EPSILON)",
        "v = tf.math.l2_normalize(tf.ones(kernel.shape[:1]), epsilon=EPSILON)",
        "layers/test_spectral.py",
    ),
    Fault(
        "batch norm: the unbiased variance is kept",
        "biased = variance * (count - 1.0) / count",
        "biased = variance",
        "layers/test_norms.py",
    ),
    Fault(
        "instance norm: the moments along the wrong axis",
        "mean = tf.reduce_mean(x, [1, 2], keepdims=True)",
        "mean = tf.reduce_mean(x, [0, 1, 2], keepdims=True)",
        "layers/test_norms.py",
    ),
    Fault(
        "dropout: all layers have one mask",
        "seed, first_row = noise.fold_in(stream[:2], noise.Purpose.DROPOUT, self.index), stream[2]",
        "seed, first_row = noise.fold_in(stream[:2], noise.Purpose.DROPOUT, 0), stream[2]",
        "layers/test_basic.py",
    ),
    Fault(
        "the pool of past fakes lets gradients through",
        "return tf.stop_gradient(shown)",
        "return shown",
        "layers/test_fake_pool.py",
    ),
    Fault(
        "the projection knows the next class",
        "tf.gather(tf.convert_to_tensor(self.classes), labels)",
        "tf.gather(tf.convert_to_tensor(self.classes), (labels + 1) % self.num_classes)",
        "networks/test_labelled.py",
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
        "left, top = (width - side) // 2, (height - side) // 2",
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
    # Evaluation.
    Fault("Frechet distance: the factor 2 is missing", "- 2 * cross", "- cross", "evaluation/test_frechet.py"),
    Fault(
        "kernel distance: a biased mean",
        "return (kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1))",
        "return kernel.mean()",
        "evaluation/test_kernel.py",
    ),
    Fault(
        "recall: the wrong radii",
        "recalled |= (distances < fake_radii[chunk, None]).any(axis=0)",
        "recalled |= (distances < real_radii).any(axis=0)",
        "evaluation/test_prdc.py",
    ),
    Fault(
        "inception score: the marginal along the wrong axis",
        "marginal = conditional.mean(axis=0)",
        "marginal = conditional.mean(axis=1, keepdims=True)",
        "evaluation/test_inception_score.py",
    ),
    Fault(
        "modes: a sample counts within 3 sigma",
        "HIGH_QUALITY_SIGMAS = 4.0",
        "HIGH_QUALITY_SIGMAS = 3.0",
        "evaluation/test_mode_coverage.py",
    ),
    Fault(
        "Dawid's Z: the prior is left out",
        "prior = np.log(len(real)) - np.log(len(fake))",
        "prior = 0.0",
        "evaluation/test_reliability.py",
    ),
    # Exports.
    Fault(
        "export: one sample more than the limit",
        "value < one.below if one.below is not None else value <= one.at_most",
        "value < one.below if one.below is not None else value <= one.at_most + 1",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: rows need not be finite",
        "if value.dtype.is_floating and (one.at_least is None or upper is None):",
        "if value.dtype.is_floating and one.shape == () and upper is None:",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: it samples by the generator, not by its average",
        "return self.ema_generator(latents, training=training)",
        "return self.generator(latents, training=training)",
        "bases/test_adversarial.py",
    ),
    Fault(
        "export: the check for a version that is there is gone",
        'if path.exists():\n            raise GanzooError(f"{path} is there already',
        'if False:\n            raise GanzooError(f"{path} is there already',
        "export/test_saved_model.py",
    ),
    Fault(
        "export: a version's number is taken twice",
        "return 1 + max((int(path.name)",
        "return max((int(path.name)",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: sides that the network cannot halve",
        "fits = (sides % self.multiple == 0) & (sides >= self.smallest)",
        "fits = sides >= self.smallest",
        "export/test_translation_signatures.py::test_bad_inputs_are_told_what_was_wrong",
    ),
    Fault(
        "encoded pictures: any number of scans",
        "whole, _check(scans <= MOST_SCANS,",
        "whole, _check(scans >= 0,",
        "export/test_translation_signatures.py::test_bad_files_are_told_what_was_wrong",
    ),
    Fault(
        "several requests of one draw have one seed",
        '{"num_samples": min(limit, num_samples - first), "seed": seeds.words(seed, request)}',
        '{"num_samples": min(limit, num_samples - first), "seed": seeds.words(seed, 0)}',
        "serving/test_exported.py",
    ),
    # Writing.
    Fault(
        "files: the rename is not atomic",
        "    with unfinished(path) as beside:\n        yield beside\n",
        "    with unfinished(path) as beside:\n        yield path\n        return\n",
        "test_files.py",
    ),
    Fault(
        "files: what was not finished is left behind",
        "    finally:\n        remove(beside)",
        "    finally:\n        pass",
        "test_files.py",
    ),
    Fault(
        "files: a folder's checksum knows no names",
        'lines = [f"{checksum(file)}  {file.relative_to(path).as_posix()}\\n" for file in files]',
        'lines = [f"{checksum(file)}\\n" for file in files]',
        "test_files.py",
    ),
    Fault(
        "shards: calls share seeds",
        "return self.seed, shard * self.calls_per_shard + call",
        "return self.seed, shard + call",
        "serving/test_batch_generate.py::test_no_two_calls_share_a_seed",
    ),
    # The client.
    Fault(
        "client: several requests have one seed",
        'inputs = {"num_samples": rows.stop - rows.start, "seed": seeds.words(seed, request), **options}',
        'inputs = {"num_samples": rows.stop - rows.start, "seed": seeds.words(seed, 0), **options}',
        "serving/test_client.py::test_requests_as_small_as_asked_for_have_seeds_of_their_own",
    ),
    Fault(
        "client: a busy server is asked once",
        "TRIES = 6",
        "TRIES = 1",
        "serving/test_client.py::test_a_server_that_is_busy_is_asked_again",
    ),
    Fault(
        "client: rejected rows are taken",
        'accepted = np.flatnonzero(answer["accepted"])',
        'accepted = np.arange(len(answer["accepted"]))',
        "serving/test_client.py::test_rejection_by_rows_accepts_as_the_server_says",
    ),
    Fault(
        "answers: the acceptance rate is the mean of the requests' rates",
        "np.average(rates, weights=proposed)",
        "np.average(rates)",
        "serving/test_answers.py",
    ),
]
