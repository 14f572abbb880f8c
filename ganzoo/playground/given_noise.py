"""A translator whose noise is an input: the page draws the numbers, since Philox exists in TensorFlow alone."""

import math
from dataclasses import replace
from typing import NamedTuple

import keras

from ganzoo.bases.translating import TranslationModel
from ganzoo.export.inputs import FIXED_IMAGES, Input
from ganzoo.export.signature import Signature
from ganzoo.networks.layers.basic import SeededDropout


class GivenDropout(SeededDropout):
    """`SeededDropout` whose stream is uniform numbers, float32 [batch, total]; its own begin at `offset`."""

    def __init__(self, *, offset: int, **config):
        super().__init__(**config)
        self.offset = offset

    def uniforms(self, x, stream):
        return stream[:, self.offset : self.offset + math.prod(x.shape[1:])]


class Noise(NamedTuple):
    """A signature whose noise is an input, and the numbers that it takes.

    Attributes:
        signature: `images` and `numbers` to `images` and `log_ratio`, for pictures of the training size.
        layers: for each layer with dropout its index and its count of uniform numbers, in the order of the numbers.
    """

    signature: Signature
    layers: tuple[tuple[int, int], ...]


def with_numbers(model: TranslationModel) -> Noise:
    """The translation of a model whose generator takes a stream, and whose discriminator gives log ratios (pix2pix)."""
    dropouts = [layer for layer in model.generator.layers if isinstance(layer, SeededDropout)]
    dropouts.sort(key=lambda layer: layer.index)
    image, stream = keras.Input(model.image_shape), keras.Input(batch_shape=(3,), dtype="int32")
    features = keras.Model(model.generator.inputs, [layer.input[0] for layer in dropouts])([image, stream])
    counts = [math.prod(each.shape[1:]) for each in features]
    offsets = {layer.index: sum(counts[:place]) for place, layer in enumerate(dropouts)}

    def given(layer):
        config = layer.get_config()
        if isinstance(layer, SeededDropout):
            return GivenDropout(offset=offsets[layer.index], **config)
        return type(layer).from_config(config)

    tensors = [image, keras.Input((sum(counts),))]
    generator = keras.models.clone_model(model.generator, input_tensors=tensors, clone_function=given)
    generator.set_weights(model.generator.get_weights())

    def propose(images, numbers):
        translated = generator([images, numbers], training=False)
        return {"images": translated, "log_ratio": model.log_ratio(images, translated)}

    images = replace(FIXED_IMAGES, shape=(None, *model.image_shape))
    numbers = Input("numbers", shape=(None, sum(counts)), at_least=0, below=1, spread="unit")
    layers = tuple((layer.index, count) for layer, count in zip(dropouts, counts, strict=True))
    return Noise(Signature(propose, (images, numbers)), layers)
