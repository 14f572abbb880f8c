"""Faults in what a model is made of: losses, penalties, objectives and networks."""

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
        "infogan: the category is asked of fakes as they are",
        "category_logits, _ = self.recognise(moved, training=True)",
        "category_logits, _ = self.recognise(fakes, training=True)",
        "models/test_infogan.py",
    ),
    Fault(
        "infogan: the moved reals are the reals",
        "tf.concat([reals, moved], 0)",
        "tf.concat([reals, reals], 0)",
        "models/test_infogan.py",
    ),
    Fault(
        "infogan: the class of a real follows its moved copy",
        "tf.stop_gradient(p) * tf.nn.log_softmax(moved_logits)",
        "p * tf.nn.log_softmax(moved_logits)",
        "losses/test_information.py",
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
        "loss *= interval\n",
        "loss *= 1\n",
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
]
