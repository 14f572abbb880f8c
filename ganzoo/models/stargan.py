"""StarGAN: one generator for all translations among several domains.

Choi et al., "StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation", CVPR 2018,
https://arxiv.org/abs/1711.09020, equations 2 to 8.
"""

import keras
import tensorflow as tf

from ganzoo.bases.translating import Direction, Endpoint, TranslationModel
from ganzoo.losses import adversarial as losses
from ganzoo.losses.penalties import gradient_norms, gradient_penalty, interpolate
from ganzoo.losses.translation import l1, patch_mean
from ganzoo.networks import cyclegan, stargan
from ganzoo.zoo.registry import register


@register("stargan")
class StarGAN(TranslationModel):
    """A generator that takes the target domain, and a Wasserstein critic that also classifies a picture's domain.

    Args:
        num_domains: k, the number of domains.
        classification_weight: lambda_cls; 1 in the paper.
        reconstruction_weight: lambda_rec; 10 in the paper.
        gradient_penalty_weight: lambda_gp of equation 8; 10 in the paper.
    """

    generators, discriminators = ("generator",), ("discriminator",)
    labelled = True
    smallest_side = cyclegan.SMALLEST_SIDE
    logged = (
        "critic_loss",
        "generator_loss",
        "wasserstein",
        "real_classification",
        "fake_classification",
        "reconstruction",
        "gradient_norm",
    )

    def __init__(
        self,
        *networks,
        num_domains: int,
        classification_weight: float,
        reconstruction_weight: float,
        gradient_penalty_weight: float,
        **base,
    ):
        super().__init__(*networks, **base)
        self.num_domains = num_domains
        self.classification_weight = classification_weight
        self.reconstruction_weight = reconstruction_weight
        self.gradient_penalty_weight = gradient_penalty_weight

    @classmethod
    def for_shape(
        cls,
        image_shape: tuple[int, int, int],
        *,
        network: str,
        num_domains: int,
        generator: dict,
        discriminator: dict,
        **objective,
    ) -> "StarGAN":
        """Builds both networks; "stargan" is the only family."""
        networks = (
            stargan.generator(image_shape, num_domains=num_domains, **generator),
            stargan.discriminator(image_shape, num_domains=num_domains, **discriminator),
        )
        return cls(*networks, image_shape=image_shape, num_domains=num_domains, **objective)

    def train_step(self, data):
        """One generator step after `n_critic` critic steps, each on a fresh batch.

        Args:
            data: (pictures, domains), float32 [n_critic * batch, height, width, channels] in [-1, 1] and int64
                [n_critic * batch].

        Returns:
            The epoch's running means by metric name.
        """
        pictures, domains, _ = keras.utils.unpack_x_y_sample_weight(data)
        domains = tf.cast(domains, tf.int64)

        def critic_step(draw, real, own):
            target = self.target_domains(draw, like=real)
            fake = self.generator([real, target], training=True)
            between = interpolate(real, fake, self.uniforms(draw, like=real))
            with tf.GradientTape() as tape:
                norms = gradient_norms(lambda pictures: self.discriminator(pictures, training=True)[0], between)
                real_source, real_domain = self.discriminator(real, training=True)
                fake_source, _ = self.discriminator(fake, training=True)
                wasserstein = losses.wasserstein(real_source, fake_source)
                real_classification = cross_entropy(real_domain, own)
                critic_loss = (
                    self.gradient_penalty_weight * gradient_penalty(norms)
                    - wasserstein
                    + self.classification_weight * real_classification
                )
            self.update_discriminator(tape, critic_loss)
            return dict(
                critic_loss=critic_loss,
                wasserstein=wasserstein,
                real_classification=real_classification,
                gradient_norm=norms,
            )

        logged = self.critic_steps(critic_step, pictures, domains)
        real, own = (self.critic_batches(array)[-1] for array in (pictures, domains))
        target = self.target_domains(self.n_critic - 1, like=real)  # as in the last critic step
        with tf.GradientTape() as tape:
            fake = self.generator([real, target], training=True)
            source, domain = self.discriminator(fake, training=True)
            fake_classification = cross_entropy(domain, target)
            reconstruction = l1(self.generator([fake, own], training=True), real)
            generator_loss = (
                -tf.reduce_mean(source)
                + self.classification_weight * fake_classification
                + self.reconstruction_weight * reconstruction
            )
        self.update_generator(tape, generator_loss)

        return self.log(
            generator_loss=generator_loss,
            fake_classification=fake_classification,
            reconstruction=reconstruction,
            **logged,
        )

    def target_domains(self, draw: int, like: tf.Tensor) -> tf.Tensor:
        """A random domain for each row of `like`, int64 [batch], all equally likely."""
        # Draws 0 .. n_critic - 1 belong to `interpolate`; the following draws are free.
        return tf.cast(self.num_domains * self.uniforms(self.n_critic + draw, like=like), tf.int64)

    def translate(self, images: tf.Tensor, domains: tf.Tensor) -> tf.Tensor:
        """Translates each picture into its target domain, int64 [batch]."""
        return self.generator([images, domains], training=False)

    def directions(self):
        every = range(self.num_domains)
        return {f"to_{target}": Direction(tuple(k for k in every if k != target), target) for target in every}

    def endpoints(self, sampling):
        def translate(images, domains):
            return {"images": self.translate(images, domains)}

        def score(images):
            source, domain = self.discriminator(images, training=False)
            return {"logits": patch_mean(source), "domain_probabilities": tf.nn.softmax(domain)}

        return {
            "serving_default": Endpoint(translate, ("images", "domains")),
            "translate": Endpoint(translate, ("images", "domains")),
            "score": Endpoint(score, ("fixed_images",)),
        }

    def sample_rows(self, *shown):
        picture_rows = []
        for pictures in shown:
            picture_rows.append(pictures)
            for domain in range(self.num_domains):
                picture_rows.append(self.translate(pictures, tf.fill([len(pictures)], tf.constant(domain, tf.int64))))
        return picture_rows

    @classmethod
    def sample_row_names(cls, domains):
        return [name for source in domains for name in (f"Input: {source}", *(f"{source} to {to}" for to in domains))]

    def get_config(self):
        weights = ("classification_weight", "reconstruction_weight", "gradient_penalty_weight")
        own = {"num_domains": self.num_domains} | {name: getattr(self, name) for name in weights}
        return super().get_config() | own


def cross_entropy(logits: tf.Tensor, domains: tf.Tensor) -> tf.Tensor:
    """E[-log p(domain | picture)], equations 2 and 3."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(domains, logits))
