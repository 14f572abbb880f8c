"""What a model of the zoo is that translates pictures, beside `generative` for those that sample from latents."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import keras
import tensorflow as tf

import ganzoo
from ganzoo.bases.stepped import SteppedModel


class Direction(NamedTuple):
    """One way a translator can go.

    Attributes:
        sources: numbers of the domains that it takes pictures of.
        target: number of the domain that they are turned into pictures of.
    """

    sources: tuple[int, ...]
    target: int


class Endpoint(NamedTuple):
    """What an export offers under a name.

    Attributes:
        function: graph code, tensors to {name: tensor}.
        inputs: the tensors' names; `ganzoo.export.translation_signatures` knows their specs and checks them. A function
            of `images` and `seed` takes pictures from the middle of a batch, too, the first one's row being
            `first_row`.
        smallest_side: of a picture that it takes, where that is more than the generators ask for.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    inputs: tuple[str, ...]
    smallest_side: int = 1


class TranslationModel(SteppedModel):
    """Networks that turn pictures of one domain into pictures of another.

    Pictures are float32 [batch, height, width, channels] in [-1, 1] everywhere. A subclass names its networks, and has
    the methods

    - `directions() -> dict[str, Direction]`: the translations there are, by their names;
    - `endpoints(sampling) -> dict[str, Endpoint]`: what the export offers by the signatures' names, `sampling` being as
      in `config.sampling`;
    - `rows(*shown) -> list[tf.Tensor]`: what the sample pictures show, rows of as many pictures each, such as input,
      output and target, from the same number of pictures of each domain.

    Args:
        *networks: built Keras models, in the order of `generators` and `discriminators`.
        image_shape: (height, width, channels) of the pictures that it learns from.
        n_critic: discriminator steps for each generator step.
        seed: of all the randomness in training.
    """

    generators: ClassVar[tuple[str, ...]]  # the networks' names as attributes
    discriminators: ClassVar[tuple[str, ...]]
    needs_pairs: ClassVar[bool] = False
    labelled: ClassVar[bool] = False  # whether a step takes (pictures, domains) instead of pictures of two domains
    smallest_side: ClassVar[int] = 1  # of a picture that the generators take
    num_domains: int = 2

    def __init__(
        self,
        *networks: keras.Model,
        image_shape: tuple[int, int, int],
        n_critic: int = 1,
        seed: int = 0,
        name: str | None = None,
    ):
        super().__init__(n_critic=n_critic, seed=seed, name=name)
        self.image_shape = tuple(image_shape)
        for attribute, network in zip(self.generators + self.discriminators, networks, strict=True):
            setattr(self, attribute, network)

    def check_batch(self, batch_size: int) -> None:
        """Finds a batch that the model cannot learn from, before the first step.

        Raises:
            GanzooError: if so many pictures at a time are too many.
        """

    @property
    def generator_variables(self) -> list:
        return [variable for name in self.generators for variable in getattr(self, name).trainable_variables]

    @property
    def discriminator_variables(self) -> list:
        return [variable for name in self.discriminators for variable in getattr(self, name).trainable_variables]

    def export(self, directory: str) -> str:
        """Writes the next version of a SavedModel that translates: `ganzoo.export_model`.

        Args:
            directory: the version becomes its subfolder 1, 2, ...

        Returns:
            The version's folder.
        """
        return ganzoo.export_model(self, directory)

    def get_config(self) -> dict:
        networks = {name: getattr(self, name) for name in self.generators + self.discriminators}
        own = {name: keras.saving.serialize_keras_object(network) for name, network in networks.items()}
        return super().get_config() | {"image_shape": self.image_shape} | own

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "TranslationModel":
        names = cls.generators + cls.discriminators
        networks = [keras.saving.deserialize_keras_object(config[name], custom_objects) for name in names]
        return cls(*networks, **{key: value for key, value in config.items() if key not in names})
