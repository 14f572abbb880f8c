"""The same works the way the examples of keras.io write them: plain layers, a `train_step`, plain optimizers, `fit`.

After https://keras.io/examples/generative/wgan_gp/, dcgan_overriding_train_step/ and cyclegan/, which are changed in
architecture, loss weight and data alone, to be of equal work: what they do twice or in sequence they do here, too.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks import flops, works
from benchmarks.contenders import Training


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """A work; `arrays` as `works.write_reals` has them."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    make = {"W1": wgan_gp_on_points, "W2": wgan_gp_on_digits, "W3": dcgan, "W4": cyclegan}
    model = make[work]()
    batch = works.BATCH[work]
    data = [tf.data.Dataset.from_tensor_slices(works.to_float(reals)) for reals in arrays.values()]
    data = [reals.cache().shuffle(1024).batch(batch, drop_remainder=True) for reals in data]
    dataset = (data[0] if len(data) == 1 else tf.data.Dataset.zip(*data)).repeat()

    def run(steps):
        model.fit(dataset, steps_per_epoch=steps, verbose=0)

    weights = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    return Training(run, weights, lambda: flops.of_step(model.train_step, dataset.element_spec))


class WGAN(keras.Model):
    """`n_critic` steps of the critic on the batch, each with fakes of its own, then one of the generator."""

    def __init__(self, discriminator, generator, latent_dim, discriminator_extra_steps, gp_weight):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_steps = discriminator_extra_steps
        self.gp_weight = gp_weight

    def compile(self, d_optimizer, g_optimizer, d_loss_fn, g_loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.d_loss_fn = d_loss_fn
        self.g_loss_fn = g_loss_fn

    def gradient_penalty(self, batch_size, real_images, fake_images):
        alpha = tf.random.uniform([batch_size] + [1] * (len(real_images.shape) - 1), 0.0, 1.0)
        diff = fake_images - real_images
        interpolated = real_images + alpha * diff
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(interpolated)
            pred = self.discriminator(interpolated, training=True)
        grads = gp_tape.gradient(pred, [interpolated])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=list(range(1, len(grads.shape)))))
        return tf.reduce_mean((norm - 1.0) ** 2)

    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0] if real_images.shape[0] is None else real_images.shape[0]
        for _ in range(self.d_steps):
            random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
            with tf.GradientTape() as tape:
                fake_images = self.generator(random_latent_vectors, training=True)
                fake_logits = self.discriminator(fake_images, training=True)
                real_logits = self.discriminator(real_images, training=True)
                d_cost = self.d_loss_fn(real_img=real_logits, fake_img=fake_logits)
                gp = self.gradient_penalty(batch_size, real_images, fake_images)
                d_loss = d_cost + gp * self.gp_weight
            d_gradient = tape.gradient(d_loss, self.discriminator.trainable_variables)
            self.d_optimizer.apply_gradients(zip(d_gradient, self.discriminator.trainable_variables, strict=True))

        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
        with tf.GradientTape() as tape:
            generated_images = self.generator(random_latent_vectors, training=True)
            gen_img_logits = self.discriminator(generated_images, training=True)
            g_loss = self.g_loss_fn(gen_img_logits)
        gen_gradient = tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(gen_gradient, self.generator.trainable_variables, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def wgan_gp(generator: keras.Model, discriminator: keras.Model, latent_dim: int, n_critic: int, weight: float) -> WGAN:
    """Compiled with the example's optimizers."""
    model = WGAN(discriminator, generator, latent_dim, n_critic, weight)
    model.compile(
        d_optimizer=keras.optimizers.Adam(learning_rate=0.0002, beta_1=0.5, beta_2=0.9),
        g_optimizer=keras.optimizers.Adam(learning_rate=0.0002, beta_1=0.5, beta_2=0.9),
        d_loss_fn=lambda real_img, fake_img: tf.reduce_mean(fake_img) - tf.reduce_mean(real_img),
        g_loss_fn=lambda fake_img: -tf.reduce_mean(fake_img),
    )
    return model


def wgan_gp_on_points() -> WGAN:
    """W1: perceptrons of 3 x 512."""
    generator = keras.Sequential([keras.Input((works.LATENTS["W1"],))])
    discriminator = keras.Sequential([keras.Input((2,))])
    for _ in range(3):
        generator.add(layers.Dense(512, activation="relu"))
        discriminator.add(layers.Dense(512))
        discriminator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Dense(2, dtype="float32"))
    discriminator.add(layers.Dense(1, dtype="float32"))
    return wgan_gp(generator, discriminator, works.LATENTS["W1"], works.N_CRITIC, works.PENALTY["W1"])


def digits_generator(latent_dim: int) -> keras.Model:
    """7 x 7 x 128, then two transposed convolutions with batch norm before them."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 128, use_bias=False),
            layers.Reshape((7, 7, 128)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", dtype="float32"),
            layers.Activation("tanh", dtype="float32"),
        ]
    )


def digits_discriminator(batch_norm: bool, activation: str | None = None) -> keras.Model:
    """5 x 5 convolutions of stride 2 with 32, 64 and 128 channels."""
    model = keras.Sequential([keras.Input(works.DIGIT)])
    for level, width in enumerate((32, 64, 128)):
        has_norm = batch_norm and level > 0
        model.add(layers.Conv2D(width, 5, strides=2, padding="same", use_bias=not has_norm))
        if has_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.LeakyReLU(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(1, dtype="float32", activation=activation))
    return model


def wgan_gp_on_digits() -> WGAN:
    """W2."""
    networks = digits_generator(works.LATENTS["W2"]), digits_discriminator(batch_norm=False)
    return wgan_gp(*networks, works.LATENTS["W2"], works.N_CRITIC, works.PENALTY["W2"])


class GAN(keras.Model):
    """A step of the discriminator on reals and fakes together, then one of the generator on latents of its own."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0] if real_images.shape[0] is None else real_images.shape[0]
        random_latent_vectors = tf.random.normal((batch_size, self.latent_dim))
        generated_images = self.generator(random_latent_vectors)
        combined_images = tf.concat([generated_images, real_images], axis=0)
        labels = tf.concat([tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(combined_images, training=True)
            d_loss = self.loss_fn(labels, predictions)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights, strict=True))

        random_latent_vectors = tf.random.normal((batch_size, self.latent_dim))
        misleading_labels = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(random_latent_vectors, training=True), training=True)
            g_loss = self.loss_fn(misleading_labels, predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights, strict=True))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def dcgan() -> GAN:
    """W3."""
    latent_dim = works.LATENTS["W3"]
    discriminator = digits_discriminator(batch_norm=True, activation="sigmoid")
    model = GAN(discriminator, digits_generator(latent_dim), latent_dim)
    model.compile(
        d_optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        g_optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        loss_fn=keras.losses.BinaryCrossentropy(),
    )
    return model


class ReflectionPadding2D(layers.Layer):
    """As in the example."""

    def __init__(self, padding=(1, 1), **kwargs):
        self.padding = tuple(padding)
        super().__init__(**kwargs)

    def call(self, input_tensor):
        width, height = self.padding
        return tf.pad(input_tensor, [[0, 0], [height, height], [width, width], [0, 0]], mode="REFLECT")

    def compute_output_shape(self, input_shape):
        batch, rows, columns, channels = input_shape
        width, height = self.padding
        return batch, rows and rows + 2 * height, columns and columns + 2 * width, channels


def kernel() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


def normalised(x, layer, relu: bool = True):
    """A convolution without a bias, instance norm and ReLU."""
    x = layers.GroupNormalization(groups=-1)(layer(x))
    return layers.Activation("relu")(x) if relu else x


def resnet_generator(filters: int = 32, blocks: int = 6) -> keras.Model:
    """The example's, at the work's width and number of blocks."""

    def conv(width, size, layer=layers.Conv2D, **options):
        return layer(width, size, kernel_initializer=kernel(), **{"use_bias": False} | options)

    image = keras.Input(works.WORKS["W4"].images)
    x = normalised(ReflectionPadding2D((3, 3))(image), conv(filters, 7))
    for level in (1, 2):
        x = normalised(x, conv(filters * 2**level, 3, strides=2, padding="same"))
    for _ in range(blocks):
        block = normalised(ReflectionPadding2D()(x), conv(x.shape[-1], 3))
        x = layers.add([x, normalised(ReflectionPadding2D()(block), conv(x.shape[-1], 3), relu=False)])
    for level in (1, 0):
        x = normalised(x, conv(filters * 2**level, 3, layers.Conv2DTranspose, strides=2, padding="same"))
    x = conv(1, 7, use_bias=True, dtype="float32")(ReflectionPadding2D((3, 3))(x))
    return keras.Model(image, layers.Activation("tanh", dtype="float32")(x))


def patch_discriminator(filters: int = 32) -> keras.Model:
    """The example's, with one row and column of zeros around each convolution's input as in ours."""
    x = image = keras.Input(works.WORKS["W4"].images)
    for level, strides in enumerate((2, 2, 2, 1)):
        x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(filters * 2**level, 4, strides=strides, use_bias=level == 0, kernel_initializer=kernel())(x)
        if level:
            x = layers.GroupNormalization(groups=-1)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(1, 4, kernel_initializer=kernel(), dtype="float32")(layers.ZeroPadding2D(1)(x))
    return keras.Model(image, x)


class CycleGan(keras.Model):
    """One persistent tape over all four losses, and four optimizers."""

    def __init__(self, generator_G, generator_F, discriminator_X, discriminator_Y, lambda_cycle=10.0, identity=0.5):
        super().__init__()
        self.gen_G = generator_G
        self.gen_F = generator_F
        self.disc_X = discriminator_X
        self.disc_Y = discriminator_Y
        self.lambda_cycle = lambda_cycle
        self.lambda_identity = identity

    def compile(self, gen_G_optimizer, gen_F_optimizer, disc_X_optimizer, disc_Y_optimizer):
        super().compile()
        self.gen_G_optimizer = gen_G_optimizer
        self.gen_F_optimizer = gen_F_optimizer
        self.disc_X_optimizer = disc_X_optimizer
        self.disc_Y_optimizer = disc_Y_optimizer
        self.adversarial_loss_fn = keras.losses.MeanSquaredError()
        self.cycle_loss_fn = keras.losses.MeanAbsoluteError()
        self.identity_loss_fn = keras.losses.MeanAbsoluteError()

    def generator_loss_fn(self, fake):
        return self.adversarial_loss_fn(tf.ones_like(fake), fake)

    def discriminator_loss_fn(self, real, fake):
        real_loss = self.adversarial_loss_fn(tf.ones_like(real), real)
        return (real_loss + self.adversarial_loss_fn(tf.zeros_like(fake), fake)) * 0.5

    def train_step(self, batch_data):
        real_x, real_y = batch_data
        with tf.GradientTape(persistent=True) as tape:
            fake_y = self.gen_G(real_x, training=True)
            fake_x = self.gen_F(real_y, training=True)
            cycled_x = self.gen_F(fake_y, training=True)
            cycled_y = self.gen_G(fake_x, training=True)
            same_x = self.gen_F(real_x, training=True)
            same_y = self.gen_G(real_y, training=True)
            disc_real_x = self.disc_X(real_x, training=True)
            disc_fake_x = self.disc_X(fake_x, training=True)
            disc_real_y = self.disc_Y(real_y, training=True)
            disc_fake_y = self.disc_Y(fake_y, training=True)

            gen_G_loss = self.generator_loss_fn(disc_fake_y)
            gen_F_loss = self.generator_loss_fn(disc_fake_x)
            cycle_loss_G = self.cycle_loss_fn(real_y, cycled_y) * self.lambda_cycle
            cycle_loss_F = self.cycle_loss_fn(real_x, cycled_x) * self.lambda_cycle
            id_loss_G = self.identity_loss_fn(real_y, same_y) * self.lambda_cycle * self.lambda_identity
            id_loss_F = self.identity_loss_fn(real_x, same_x) * self.lambda_cycle * self.lambda_identity
            total_loss_G = gen_G_loss + cycle_loss_G + id_loss_G
            total_loss_F = gen_F_loss + cycle_loss_F + id_loss_F
            disc_X_loss = self.discriminator_loss_fn(disc_real_x, disc_fake_x)
            disc_Y_loss = self.discriminator_loss_fn(disc_real_y, disc_fake_y)

        grads_G = tape.gradient(total_loss_G, self.gen_G.trainable_variables)
        grads_F = tape.gradient(total_loss_F, self.gen_F.trainable_variables)
        disc_X_grads = tape.gradient(disc_X_loss, self.disc_X.trainable_variables)
        disc_Y_grads = tape.gradient(disc_Y_loss, self.disc_Y.trainable_variables)
        self.gen_G_optimizer.apply_gradients(zip(grads_G, self.gen_G.trainable_variables, strict=True))
        self.gen_F_optimizer.apply_gradients(zip(grads_F, self.gen_F.trainable_variables, strict=True))
        self.disc_X_optimizer.apply_gradients(zip(disc_X_grads, self.disc_X.trainable_variables, strict=True))
        self.disc_Y_optimizer.apply_gradients(zip(disc_Y_grads, self.disc_Y.trainable_variables, strict=True))
        return {"G_loss": total_loss_G, "F_loss": total_loss_F, "D_X_loss": disc_X_loss, "D_Y_loss": disc_Y_loss}


def cyclegan() -> CycleGan:
    """W4."""
    model = CycleGan(resnet_generator(), resnet_generator(), patch_discriminator(), patch_discriminator())
    model.compile(*(keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5) for _ in range(4)))
    return model
