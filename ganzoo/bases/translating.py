"""The base of every model that translates pictures. (`generative` is the base of models that sample from latents.)"""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

import keras
import tensorflow as tf

import ganzoo
from ganzoo.bases.stepped import TwoOptimizerModel


class Direction(NamedTuple):
    """One translation that a model offers.

    Attributes:
        sources: numbers of the domains from which pictures can come.
        target: number of the domain of the translated pictures.
    """

    sources: tuple[int, ...]
    target: int


class Endpoint(NamedTuple):
    """One signature of an export.

    Attributes:
        function: graph code, tensors to {name: tensor}.
        inputs: the tensors' names; `ganzoo.export.translation_signatures` has their specs and checks them. A function
            of `images` and `seed` also takes `first_row`, the row of the first picture, so that it can translate a part
            of a batch.
        smallest_side: the smallest side of a picture in pixels, if it is larger than the generators' smallest side.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    inputs: tuple[str, ...]
    smallest_side: int = 1


class TranslationModel(TwoOptimizerModel):
    """Networks that turn pictures of one domain into pictures of another.

    Pictures are float32 [batch, height, width, channels] in [-1, 1] everywhere. A subclass names its networks and has
    three methods:

    - `directions() -> dict[str, Direction]`: the model's translations by name;
    - `endpoints(sampling) -> dict[str, Endpoint]`: the export's signatures by name, with `sampling` as in
      `config.sampling`;
    - `sample_rows(*shown) -> list[tf.Tensor]`: the rows of a sample picture, such as inputs, outputs and targets, from
      equally many pictures of each domain.

    Args:
        *networks: built Keras models, in the order of `generators` and `discriminators`.
        image_shape: (height, width, channels) of the training pictures.
        n_critic: discriminator steps for each generator step.
        seed: the seed of all randomness in training.
    """

    generators: ClassVar[tuple[str, ...]]  # the networks' names as attributes
    discriminators: ClassVar[tuple[str, ...]]
    helpers: ClassVar[tuple[str, ...]] = ()  # networks that train with the generators and are not exported
    needs_pairs: ClassVar[bool] = False
    labelled: ClassVar[bool] = False  # whether a step takes (pictures, domains) instead of pictures of two domains
    smallest_side: ClassVar[int] = 1  # the smallest side, in pixels, of a picture for the generators
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
        for attribute, network in zip(self.networks, networks, strict=True):
            setattr(self, attribute, network)

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of all networks, in the order in which they are given."""
        return self.generators + self.discriminators + self.helpers

    def check_batch(self, batch_size: int) -> None:
        """Checks the batch size before the first step.

        Raises:
            GanzooError: if the model cannot learn from batches of this size.
        """

    @classmethod
    def sample_row_names(cls, domains: Sequence[str]) -> list[str]:
        """What the rows of `sample_rows` are called on a run's page; none if a subclass does not say.

        Args:
            domains: the domains' names.
        """
        del domains
        return []

    @property
    def sample_shape(self) -> tuple:
        """(None, None, channels): pictures may have other sides than those that the networks were built for."""
        return None, None, self.image_shape[2]

    @property
    def num_labels(self) -> int | None:
        return self.num_domains if self.labelled else None

    @property
    def generator_variables(self) -> list:
        names = self.generators + self.helpers
        return [variable for name in names for variable in getattr(self, name).trainable_variables]

    @property
    def discriminator_variables(self) -> list:
        return [variable for name in self.discriminators for variable in getattr(self, name).trainable_variables]

    def export(self, directory: str) -> str:
        """Writes the next version of a SavedModel that translates: `ganzoo.export_model`.

        Args:
            directory: the folder of the versions; the new version is its subfolder 1, 2, ...

        Returns:
            The version's folder.
        """
        return ganzoo.export_model(self, directory)

    def get_config(self) -> dict:
        networks = {name: getattr(self, name) for name in self.networks}
        own = {name: keras.saving.serialize_keras_object(network) for name, network in networks.items()}
        return super().get_config() | {"image_shape": self.image_shape} | own

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "TranslationModel":
        names = cls.generators + cls.discriminators + cls.helpers
        networks = [keras.saving.deserialize_keras_object(config[name], custom_objects) for name in names]
        return cls(*networks, **{key: value for key, value in config.items() if key not in names})
