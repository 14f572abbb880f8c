"""Faults in what a training is made of: losses, objectives, networks, data, random numbers and the loop."""

from fault import Fault

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
        "generator_loss = GENERATOR_LOSSES[self.generator_loss](self.discriminate_fakes(self.n_critic, fake))",
        "generator_loss = -GENERATOR_LOSSES[self.generator_loss](self.discriminate_fakes(self.n_critic, fake))",
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
        "stylegan2: the regularisers are not multiplied by their intervals",
        "                loss *= interval\n",
        "                loss *= 1\n",
        "models/test_stylegan2.py::test_a_step_is_the_papers_objective",
    ),
    Fault(
        "stylegan2: path lengths are pulled to 0",
        "tf.square(lengths - self.path_length)",
        "tf.square(lengths)",
        "models/test_stylegan2.py::test_a_step_is_the_papers_objective",
    ),
    Fault(
        "modulated convolution: outputs are divided for the kernel alone",
        "tf.matmul(tf.square(scales), from_weights",
        "tf.matmul(tf.ones_like(scales), from_weights",
        "networks/layers/test_modulated.py",
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
        "cut: every picture is compared with the other domain's",
        "contrasts = self.contrasts(features, outputs)",
        "contrasts = self.contrasts(features, tf.reverse(outputs, [0]))",
        "models/test_cut.py::test_a_step_is_the_papers_objective",
    ),
    Fault(
        "cut: the keys are trained, too",
        "tf.stop_gradient(k), self.temperature",
        "k, self.temperature",
        "models/test_cut.py::test_a_step_is_the_papers_objective",
    ),
    Fault(
        "patch_nce: the own key is left out of all keys",
        "tf.reduce_logsumexp(logits, axis=2) - own",
        "tf.reduce_logsumexp(tf.linalg.set_diag(logits, own - 1e9), axis=2) - own",
        "losses/test_translation.py",
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
    # Networks.
    Fault(
        "equalized layers: the root of the fan-in is missing",
        "self.scale = self.gain * self.lr_multiplier / math.sqrt(math.prod(kernel_shape[:-1]))",
        "self.scale = self.gain * self.lr_multiplier / math.prod(kernel_shape[:-1])",
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
    Fault(
        "latents: a bound belongs to two categories",
        "first < self.bounds[1:]",
        "first <= self.bounds[1:]",
        "networks/test_categories.py",
    ),
    Fault(
        "latents: an old run gets its recipe's categories",
        '"model.latent_categories": 0',
        '"no.latent_categories": 0',
        "networks/test_categories.py",
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
