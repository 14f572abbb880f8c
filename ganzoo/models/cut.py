"""CUT: pictures of one domain translated into another, without pairs and without a way back.

Park et al., "Contrastive Learning for Unpaired Image-to-Image Translation", ECCV 2020, https://arxiv.org/abs/2007.15651,
section 3 and appendix C.1.
"""

import functools

import keras
import tensorflow as tf

from ganzoo import noise
from ganzoo.bases.translating import Direction, Endpoint, TranslationModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.translation import patch_mean, patch_nce
from ganzoo.networks import cyclegan, patchgan
from ganzoo.networks.layers.patch_heads import patch_heads
from ganzoo.zoo.registry import register


@register("cut")
class CUT(TranslationModel):
    """CycleGAN's generator and discriminator of patches, and heads H on the features of the generator's first half.

    A patch of the translation must find the patch of the input at its own place among other patches of the input. Keys
    have no gradient, and losses are means over layers and places, both as in the authors' code. There is no pool of
    past fakes, as in that code. Equation 6 is taken as printed; that code halves its two contrastive terms.

    Args:
        nce_weight: lambda_X of equation 6, of the translations of domain a.
        identity_weight: lambda_Y of equation 6, of the pictures of domain b, which the generator should leave as they
            are. 0 leaves them out, as in FastCUT.
        temperature: tau of equation 3; .07 in the paper.
        num_patches: places of each layer that are compared; 256 in the paper. A layer with fewer places shows all.
        projection_width: the heads' width; 256 in the paper.
    """

    generators, discriminators, helpers = ("generator",), ("discriminator",), ("heads",)
    smallest_side = cyclegan.SMALLEST_SIDE
    logged = (
        "discriminator_loss",
        "generator_loss",
        "adversarial",
        "nce",
        "identity_nce",
        "real_logits",
        "fake_logits",
    )

    def __init__(
        self,
        *networks,
        nce_weight: float,
        identity_weight: float,
        temperature: float,
        num_patches: int,
        projection_width: int,
        **base,
    ):
        super().__init__(*networks, **base)
        self.nce_weight, self.identity_weight = nce_weight, identity_weight
        self.temperature, self.num_patches, self.projection_width = temperature, num_patches, projection_width

    @classmethod
    def for_shape(
        cls, image_shape: tuple[int, int, int], *, network: str, generator: dict, discriminator: dict, **objective
    ) -> "CUT":
        """Builds both networks; "cyclegan" is the only family."""
        translator = cyclegan.generator(image_shape, **generator)
        critic = patchgan.discriminator(image_shape, conditional=False, **discriminator)
        channels = [features.shape[-1] for features in cyclegan.first_half(translator)]
        heads = patch_heads(channels, objective["projection_width"])
        return cls(translator, critic, heads, image_shape=image_shape, **objective)

    def train_step(self, data):
        """One step of the discriminator, then one of the generator and the heads, on the same fakes.

        Args:
            data: (a, b), pictures of the two domains, each float32 [batch, height, width, channels] in [-1, 1].

        Returns:
            The epoch's running means by metric name.
        """
        a, b, _ = keras.utils.unpack_x_y_sample_weight(data)
        inputs = tf.concat([a, b], 0) if self.identity_weight else a
        with tf.GradientTape() as generator_tape:
            # One pass makes the translations, the identities and the features of both inputs.
            *features, outputs = self._encode_and_translate(inputs, training=True)
            fake = outputs[: tf.shape(a)[0]]
        with tf.GradientTape() as tape:
            seen = tf.concat([b, tf.stop_gradient(fake)], 0)
            real_logits, fake_logits = tf.split(self.discriminator(seen, training=True), 2)
            discriminator_loss = losses.least_squares(real_logits, 1.0) + losses.least_squares(fake_logits, 0.0)
        self.update_discriminator(tape, discriminator_loss)

        with generator_tape:
            adversarial = 2.0 * losses.least_squares(self.discriminator(fake, training=True), 1.0)
            contrasts = self.contrasts(features, outputs)
            nce = tf.reduce_mean(contrasts[: tf.shape(a)[0]])
            identity_nce = tf.reduce_mean(contrasts[tf.shape(a)[0] :]) if self.identity_weight else tf.constant(0.0)
            generator_loss = adversarial + self.nce_weight * nce + self.identity_weight * identity_nce
        self.update_generator(generator_tape, generator_loss)

        return self.log(
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            adversarial=adversarial,
            nce=nce,
            identity_nce=identity_nce,
            real_logits=real_logits,
            fake_logits=fake_logits,
        )

    def contrasts(self, features: list[tf.Tensor], outputs: tf.Tensor) -> tf.Tensor:
        """Equation 4 for each picture, float32 [batch]: the mean over layers and places of equation 3.

        Args:
            features: of the inputs, by layer, float32 [batch, h, w, c].
            outputs: the inputs' translations, float32 [batch, height, width, channels].
        """
        places = [self.places(layer, tf.reduce_prod(tf.shape(of)[1:3])) for layer, of in enumerate(features)]
        keys = self.heads(_at(places, features), training=True)
        queries = self.heads(_at(places, self._encode(outputs, training=True)), training=True)
        each = [patch_nce(q, tf.stop_gradient(k), self.temperature) for q, k in zip(queries, keys, strict=True)]
        return tf.add_n(each) / len(each)

    def places(self, layer: int, count: int | tf.Tensor) -> tf.Tensor:
        """This step's random places among a layer's `count`, the same ones in all pictures; int32 [num_patches]."""
        return tf.argsort(noise.uniform(self.step_seed(noise.Purpose.PATCHES, layer), count))[: self.num_patches]

    @functools.cached_property
    def _encode(self) -> keras.Model:
        return keras.Model(self.generator.input, cyclegan.first_half(self.generator))

    @functools.cached_property
    def _encode_and_translate(self) -> keras.Model:
        return keras.Model(self.generator.input, [*cyclegan.first_half(self.generator), self.generator.output])

    def directions(self):
        return {"translate": Direction((0,), 1)}

    def endpoints(self, sampling):
        translate = lambda images: {"images": self.generator(images, training=False)}  # noqa: E731
        score = lambda images: {"logits": patch_mean(self.discriminator(images, training=False))}  # noqa: E731
        return {
            "serving_default": Endpoint(translate, ("images",)),
            "translate": Endpoint(translate, ("images",)),
            "score": Endpoint(score, ("images",), patchgan.smallest_side(self.discriminator)),
        }

    def sample_rows(self, a, b):
        return [a, self.generator(a, training=False), b, self.generator(b, training=False)]

    @classmethod
    def sample_row_names(cls, domains):
        source, target = domains
        return [f"Input: {source}", f"Output: {target}", f"Input: {target}", "Output: the same, if it learned identity"]

    def get_config(self):
        names = ("nce_weight", "identity_weight", "temperature", "num_patches", "projection_width")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _at(places, features) -> list[tf.Tensor]:
    """Features [batch, h, w, c] of each layer at its places, [batch, places, c]."""
    flat = [tf.reshape(of, [tf.shape(of)[0], -1, of.shape[-1]]) for of in features]
    return [tf.gather(of, where, axis=1) for of, where in zip(flat, places, strict=True)]
