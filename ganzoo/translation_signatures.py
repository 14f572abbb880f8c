"""The signatures of a translator's export: its model's endpoints, with their inputs checked, on arrays and on PNGs."""

from collections.abc import Mapping

import tensorflow as tf

from ganzoo.networks.translators import divisor
from ganzoo.signatures import Signatures, has_rows, is_finite, is_in_range, png, under
from ganzoo.translating import Endpoint, TranslationModel

MAX_BYTES = 20_000_000  # of one encoded picture
PNG = "_png"


def signatures(model: TranslationModel, sampling: Mapping) -> Signatures:
    """Each signature's function and the named specs of its inputs.

    Args:
        model: trained.
        sampling: as in `config.sampling`; it has the bounds of a request.
    """
    named: Signatures = {}
    for name, endpoint in model.endpoints(sampling).items():
        inputs = Inputs(model, sampling, endpoint)
        named[name] = (inputs.checked, inputs.specs())
        if endpoint.inputs[0] == "images" and name not in ("serving_default", "score", "drs"):
            named[name + PNG] = (inputs.encoded, inputs.specs(encoded=True))
    return named


class Inputs:
    """What an endpoint takes: the specs of its inputs, and what each must be."""

    def __init__(self, model: TranslationModel, sampling: Mapping, endpoint: Endpoint):
        self.endpoint, self.sampling = endpoint, sampling
        self.image_shape, self.num_domains = model.image_shape, model.num_domains
        self.multiple = max(divisor(getattr(model, name)) for name in model.generators)
        smallest = max(self.multiple, model.smallest_side, endpoint.smallest_side)
        self.smallest = -(-smallest // self.multiple) * self.multiple

    def specs(self, *, encoded: bool = False) -> list[tf.TensorSpec]:
        """In the order of the endpoint's inputs; `encoded` has the pictures as files."""
        of_any_size = [None, None, None, self.image_shape[2]]
        known = {
            "images": tf.TensorSpec(of_any_size, tf.float32, "images"),
            "inputs": tf.TensorSpec(of_any_size, tf.float32, "inputs"),
            "fixed_images": tf.TensorSpec([None, *self.image_shape], tf.float32, "images"),
            "domains": tf.TensorSpec([None], tf.int64, "domains"),
            "seed": tf.TensorSpec([2], tf.int32, "seed"),
            "gamma_percentile": tf.TensorSpec([], tf.float32, "gamma_percentile"),
        }
        specs = [known[name] for name in self.endpoint.inputs]
        return [tf.TensorSpec([None], tf.string, "image_bytes"), *specs[1:]] if encoded else specs

    def checked(self, *given: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoint, once its inputs have been found to be right."""
        with under(*self._conditions(*given)):
            return self.endpoint.function(*map(tf.identity, given))

    def encoded(self, image_bytes: tf.Tensor, *given: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoint on files, each of a size of its own, one by one; the pictures come back as PNGs."""

        def one(row):
            own = [value[row, None] if value.shape.rank == 1 and value.dtype == tf.int64 else value for value in given]
            return png(self.checked(self._decoded(image_bytes[row])[None], *own)["images"])[0]

        rows = tf.size(image_bytes)
        in_limit = is_in_range(rows, 1, self.sampling["max_images"], "the number of images")
        with under(in_limit, *(condition for value in given for condition in self._one_for_each(value, rows))):
            return {"image_bytes": tf.map_fn(one, tf.range(rows), fn_output_signature=tf.string)}

    def _decoded(self, content: tf.Tensor) -> tf.Tensor:
        """A file's picture, float32 [height, width, channels] in [-1, 1]; of an animation the first frame."""
        small = tf.debugging.Assert(
            tf.strings.length(content) <= MAX_BYTES,
            [f"an encoded image has at most {MAX_BYTES} bytes, got", tf.strings.length(content)],
        )
        with under(small):
            decoded = tf.io.decode_image(tf.identity(content), self.image_shape[2], expand_animations=False)
        return tf.ensure_shape(tf.cast(decoded, tf.float32) / 127.5 - 1.0, [None, None, self.image_shape[2]])

    def _conditions(self, *given: tf.Tensor):
        values = dict(zip(self.endpoint.inputs, given, strict=True))
        for name, value in values.items():
            if name in ("images", "inputs", "fixed_images"):
                yield has_rows(value)
                yield is_in_range(tf.shape(value)[0], 1, self.sampling["max_images"], "the number of images")
                yield is_finite(value, name)
            if name in ("images", "inputs"):
                yield from self._sides_fit(value)
            if name == "domains":
                yield from self._one_for_each(value, tf.shape(given[0])[0])
                last = self.num_domains - 1
                is_domain = tf.reduce_all((value >= 0) & (value <= last))
                yield tf.debugging.Assert(is_domain, [f"domains must be in 0 .. {last}, got", value])
            if name == "gamma_percentile":
                yield is_in_range(value, 0, 100, name)
        if {"images", "inputs"} <= values.keys():
            alike = tf.reduce_all(tf.equal(tf.shape(values["images"]), tf.shape(values["inputs"])))
            yield tf.debugging.Assert(alike, ["inputs and images must have the same shape."])

    def _sides_fit(self, images: tf.Tensor):
        sides = tf.shape(images)[1:3]
        largest = self.sampling["max_side"]
        fits = (sides % self.multiple == 0) & (sides >= self.smallest) & (sides <= largest)
        expected = f"height and width must be multiples of {self.multiple}, {self.smallest} to {largest}, got"
        yield tf.debugging.Assert(tf.reduce_all(fits), [expected, sides])

    def _one_for_each(self, value: tf.Tensor, rows: tf.Tensor):
        if value.dtype == tf.int64:
            paired = tf.size(value) == rows
            yield tf.debugging.Assert(
                paired, ["there must be a domain for each of", rows, "images, got", tf.size(value)]
            )
