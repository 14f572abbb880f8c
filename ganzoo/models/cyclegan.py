"""CycleGAN: pictures of two domains translated both ways, without pairs.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
https://arxiv.org/abs/1703.10593, equations 1 to 3 and section 5.2 for the identity loss.
"""

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas
from ganzoo.bases.translating import Direction, Endpoint, TranslationModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.translation import l1, patch_mean
from ganzoo.networks import cyclegan, patchgan
from ganzoo.networks.layers.fake_pool import FakePool
from ganzoo.zoo.registry import register


@register("cyclegan")
class CycleGAN(TranslationModel):
    """Two generators, the paper's G from a to b and F from b to a, and a discriminator of patches for each domain.

    Args:
        cycle_weight: lambda of equation 3; 10 in the paper.
        identity_weight: weight of the identity loss as a share of `cycle_weight`; .5 in the authors' code, 0 for none.
        pool_size: number of past fakes from which the discriminators' fakes are drawn; 50 in the paper.
    """

    generators = ("a_to_b", "b_to_a")
    discriminators = ("discriminator_a", "discriminator_b")
    smallest_side = cyclegan.SMALLEST_SIDE
    logged = ("discriminator_loss", "generator_loss", "adversarial", "cycle", "identity", "real_logits", "fake_logits")

    def __init__(self, *networks, cycle_weight: float, identity_weight: float, pool_size: int, **base):
        super().__init__(*networks, **base)
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        # Two attributes and no list: TensorFlow's checkpoints do not look into lists.
        self.pool_a = FakePool(pool_size, self.image_shape)
        self.pool_b = FakePool(pool_size, self.image_shape)

    @classmethod
    def for_shape(
        cls, image_shape: tuple[int, int, int], *, network: str, generator: dict, discriminator: dict, **objective
    ) -> "CycleGAN":
        """Builds two generators and two discriminators; "cyclegan" is the only family."""
        generators = [cyclegan.generator(image_shape, **generator) for _ in cls.generators]
        critics = [patchgan.discriminator(image_shape, conditional=False, **discriminator) for _ in cls.discriminators]
        return cls(*generators, *critics, image_shape=image_shape, **objective)

    def check_batch(self, batch_size):
        self.pool_a.check_batch(batch_size)

    def train_step(self, data):
        """One step of both generators, then one of both discriminators on fakes from the pools.

        Args:
            data: (a, b), pictures of the two domains, each float32 [batch, height, width, channels] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        a, b, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            # One pass makes a generator's translation and its identity: instance norm keeps samples independent.
            fake_b, same_b = tf.split(self.a_to_b(tf.concat([a, b], 0), training=True), 2)
            fake_a, same_a = tf.split(self.b_to_a(tf.concat([b, a], 0), training=True), 2)
            cycle = l1(self.b_to_a(fake_b, training=True), a) + l1(self.a_to_b(fake_a, training=True), b)
            identity = l1(same_a, a) + l1(same_b, b)
            adversarial = 2.0 * losses.least_squares(self.discriminator_a(fake_a, training=True), 1.0)
            adversarial += 2.0 * losses.least_squares(self.discriminator_b(fake_b, training=True), 1.0)
            generator_loss = adversarial + self.cycle_weight * (cycle + self.identity_weight * identity)
        self.update_generator(tape, generator_loss)

        # The pools hold the fakes of all replicas. Each replica has the same pools and takes its own rows.
        past_a = replicas.own(self.pool_a.exchange(replicas.joined(fake_a), self.step_seed(noise.Purpose.POOL, 0)))
        past_b = replicas.own(self.pool_b.exchange(replicas.joined(fake_b), self.step_seed(noise.Purpose.POOL, 1)))
        with tf.GradientTape() as tape:
            real_logits_a, fake_logits_a = tf.split(self.discriminator_a(tf.concat([a, past_a], 0), training=True), 2)
            real_logits_b, fake_logits_b = tf.split(self.discriminator_b(tf.concat([b, past_b], 0), training=True), 2)
            real_logits = tf.concat([real_logits_a, real_logits_b], 0)
            fake_logits = tf.concat([fake_logits_a, fake_logits_b], 0)
            # The means are over the pictures of both discriminators, and each discriminator has the paper's 1/2.
            discriminator_loss = 2.0 * losses.least_squares(real_logits, 1.0)
            discriminator_loss += 2.0 * losses.least_squares(fake_logits, 0.0)
        self.update_discriminator(tape, discriminator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            adversarial=adversarial,
            cycle=cycle,
            identity=identity,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def directions(self):
        return {"a_to_b": Direction((0,), 1), "b_to_a": Direction((1,), 0)}

    def endpoints(self, sampling):
        a_to_b = lambda images: {"images": self.a_to_b(images, training=False)}  # noqa: E731
        b_to_a = lambda images: {"images": self.b_to_a(images, training=False)}  # noqa: E731

        def score(images):
            critics = {"logits_a": self.discriminator_a, "logits_b": self.discriminator_b}
            return {name: patch_mean(critic(images, training=False)) for name, critic in critics.items()}

        smallest = max(map(patchgan.smallest_side, (self.discriminator_a, self.discriminator_b)))
        return {
            "serving_default": Endpoint(a_to_b, ("images",)),
            "a_to_b": Endpoint(a_to_b, ("images",)),
            "b_to_a": Endpoint(b_to_a, ("images",)),
            "cycle_a": Endpoint(lambda images: b_to_a(a_to_b(images)["images"]), ("images",)),
            "cycle_b": Endpoint(lambda images: a_to_b(b_to_a(images)["images"]), ("images",)),
            "score": Endpoint(score, ("images",), smallest),
        }

    def sample_rows(self, a, b):
        fake_b, fake_a = self.a_to_b(a, training=False), self.b_to_a(b, training=False)
        cycle_a, cycle_b = self.b_to_a(fake_b, training=False), self.a_to_b(fake_a, training=False)
        return [a, fake_b, cycle_a, b, fake_a, cycle_b]

    @classmethod
    def sample_row_names(cls, domains):
        return [
            name
            for source, target in (domains, reversed(domains))
            for name in (f"Input: {source}", f"Output: {target}", f"Cycle: back to {source}")
        ]

    def get_config(self):
        own = dict(cycle_weight=self.cycle_weight, identity_weight=self.identity_weight, pool_size=self.pool_size)
        return super().get_config() | own
