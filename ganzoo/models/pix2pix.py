"""pix2pix: pictures translated by paired examples.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017,
https://arxiv.org/abs/1611.07004, equations 1 to 4.
"""

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases import replicas
from ganzoo.bases.translating import Direction, Endpoint, TranslationModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.translation import l1, patch_mean
from ganzoo.networks import patchgan, unet
from ganzoo.sampling import per_class
from ganzoo.sampling.proposals import burn_in
from ganzoo.zoo.registry import register


@register("pix2pix")
class Pix2Pix(TranslationModel):
    """A U-Net whose noise is dropout, and a discriminator of patches that also sees the input.

    The generator's loss is the non-saturating adversarial loss (section 3.3) plus `l1_weight` times the distance from
    the target. The discriminator's loss is halved, so that the discriminator learns more slowly.

    Args:
        l1_weight: lambda of equation 4; 100 in the paper.
    """

    generators, discriminators = ("generator",), ("discriminator",)
    needs_pairs = True
    logged = ("discriminator_loss", "generator_loss", "l1", "real_logits", "fake_logits")

    def __init__(self, *networks, l1_weight: float, **base):
        super().__init__(*networks, **base)
        self.l1_weight = l1_weight

    @classmethod
    def for_shape(
        cls, image_shape: tuple[int, int, int], *, network: str, generator: dict, discriminator: dict, **objective
    ) -> "Pix2Pix":
        """Builds both networks; "unet" is the only family."""
        networks = (
            unet.generator(image_shape, **generator),
            patchgan.discriminator(image_shape, conditional=True, **discriminator),
        )
        return cls(*networks, image_shape=image_shape, **objective)

    def train_step(self, data):
        """One step of the discriminator and one of the generator, on the same fakes.

        Args:
            data: (inputs, targets), each float32 [batch, height, width, channels] in [-1, 1]; equal rows are a pair.

        Returns:
            The epoch's running means by metric name.
        """
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        stream = noise.stream(self.step_seed(noise.Purpose.LATENTS, 0), replicas.first_row(tf.shape(inputs)[0]))
        with tf.GradientTape() as generator_tape:
            fakes = self.generator([inputs, stream], training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator([inputs, targets], training=True)
            fake_logits = self.discriminator([inputs, tf.stop_gradient(fakes)], training=True)
            discriminator_loss = losses.bce_discriminator(real_logits, fake_logits) / 2.0
        self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            adversarial = losses.non_saturating_generator(self.discriminator([inputs, fakes], training=True))
            distance = l1(fakes, targets)
            generator_loss = adversarial + self.l1_weight * distance
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            l1=distance,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def translate(self, images: tf.Tensor, seed: tf.Tensor, first_row: tf.Tensor | int = 0) -> tf.Tensor:
        """Translates picture r with the noise of row `first_row` + r of the seed's stream (int32 [2])."""
        return self.generator([images, noise.stream(seed, first_row)], training=False)

    def log_ratio(self, inputs: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """The mean of the patches' logits, float32 [batch].

        Each logit is its patch's log p_data/p_g given the input. If patches were independent (section 3.2.2), the sum
        of the logits would be the picture's log ratio. But patches overlap, and by the sum almost no picture would be
        accepted.
        """
        return patch_mean(self.discriminator([inputs, images], training=False))

    def directions(self):
        return {"translate": Direction((0,), 1)}

    def endpoints(self, sampling):
        def translate(images, seed, first_row=0):
            return {"images": self.translate(images, seed, first_row)}

        def drs(images, seed, gamma_percentile):
            """Accepts one candidate for each picture; the picture's own candidates are the burn-in."""
            count = tf.shape(images)[0]
            number, rows = tf.TensorSpec([], tf.int32), tf.TensorSpec([None], tf.int64)
            candidate = tf.TensorSpec([None, None, None, self.image_shape[2]])

            # Functions of their own, so that the burn-in and the rejection hold one graph of each network.
            @tf.function(input_signature=[tf.TensorSpec([2], tf.int32), number, number, rows], autograph=False)
            def propose(seed, first_row, _, which):
                return self.translate(tf.gather(images, which), seed, first_row)

            @tf.function(input_signature=[candidate, rows], autograph=False)
            def log_ratio(candidates, which):
                return self.log_ratio(tf.gather(images, which), candidates)

            request = dict(propose=propose, log_ratio=log_ratio, batch_size=sampling["batch_size"])
            each = sampling["candidates"]
            draw = dict(
                num_proposals=count * each, num_classes=count, seed=noise.fold_in(seed, noise.Purpose.CANDIDATES)
            )
            candidates = tf.ensure_shape(burn_in(**request, **draw), [None, each])
            draws = per_class.discriminator_rejection(
                labels=tf.range(count, dtype=tf.int64),
                seed=seed,
                burn_in=candidates,
                gamma_percentile=gamma_percentile,
                max_proposals=count * sampling["max_proposals_per_sample"],
                **request,
            )._asdict()
            return {"images": draws.pop("samples"), "rows": draws.pop("labels"), **draws}

        def score(inputs, images):
            return {"logits": self.log_ratio(inputs, images)}

        smallest = patchgan.smallest_side(self.discriminator)
        return {
            "serving_default": Endpoint(lambda images: translate(images, tf.zeros([2], tf.int32)), ("images",)),
            "translate": Endpoint(translate, ("images", "seed")),
            "drs": Endpoint(drs, ("images", "seed", "gamma_percentile"), smallest),
            "score": Endpoint(score, ("inputs", "images"), smallest),
        }

    def sample_rows(self, inputs, targets):
        return [inputs, self.translate(inputs, tf.zeros([2], tf.int32)), targets]

    @classmethod
    def sample_row_names(cls, domains):
        return ["Input", "Output", "The true picture"]

    def get_config(self):
        return super().get_config() | {"l1_weight": self.l1_weight}
