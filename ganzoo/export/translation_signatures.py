"""The signatures of a translator's export: the model's endpoints behind checks, on arrays and on encoded pictures."""

import functools
from collections.abc import Callable, Mapping

import tensorflow as tf

from ganzoo.bases.translating import Endpoint, TranslationModel
from ganzoo.export import encoded_pictures
from ganzoo.export.inputs import FIXED_IMAGES, INPUTS
from ganzoo.export.request_checks import after_checks, finite, input_checks, is_in_range, row_checks, row_count
from ganzoo.export.signature import Shared, Signature, Signatures, spec
from ganzoo.networks.layers.sides import divisor

PNG = "_png"
BYTES_PER_PIXEL = 8  # the most in an encoded picture: a PNG holds 16 bits for each of four channels
OTHER_BYTES = 1 << 20  # the most in an encoded picture besides its pixels: colour profiles, thumbnails


def signatures(model: TranslationModel, sampling: Mapping) -> Signatures:
    """The signatures of a translator, by name.

    Args:
        model: the trained model.
        sampling: as in `config.sampling`, with the limits of a request.
    """
    named: Signatures = {}
    shared = functools.cache(Shared)  # several endpoints may have one function
    for name, endpoint in model.endpoints(sampling).items():
        checked = CheckedEndpoint(model, sampling, endpoint, shared)
        named[name] = Signature(checked.call, checked.inputs)
        if endpoint.inputs[0] == "images" and name not in ("serving_default", "score", "drs"):
            named[name + PNG] = Signature(checked.call_encoded, (checked.image_bytes, *checked.inputs[1:]))
    return named


class CheckedEndpoint:
    """An endpoint behind the checks of its inputs. `inputs` are settled, in the endpoint's order.

    Args:
        model, sampling: as of `signatures`.
        endpoint: one of the model's endpoints.
        shared: function, specs -> the function as the export's signatures share it.
    """

    def __init__(
        self, model: TranslationModel, sampling: Mapping, endpoint: Endpoint, shared: Callable[..., Shared] = Shared
    ):
        self.endpoint, self.sampling = endpoint, sampling
        self.image_shape = model.image_shape
        self.multiple = max(divisor(getattr(model, name)) for name in model.generators)
        smallest = max(self.multiple, model.smallest_side, endpoint.smallest_side)
        self.smallest = -(-smallest // self.multiple) * self.multiple
        numbers = {"channels": model.image_shape[2], "image_shape": model.image_shape, "num_domains": model.num_domains}
        known = INPUTS | {"fixed_images": FIXED_IMAGES}
        self.image_bytes, *inputs = (
            known[name].settled({**sampling, **numbers}) for name in ("image_bytes", *endpoint.inputs)
        )
        self.inputs = tuple(inputs)
        specs = [*map(spec, self.inputs)]
        self._translated = shared(endpoint.function, *specs)
        self._row_translated = shared(endpoint.function, *specs, tf.TensorSpec([], tf.int32))

    def call(self, *values: tf.Tensor, first_row: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """The endpoint behind the checks of its inputs.

        Args:
            *values: the inputs.
            first_row: int32 [], of an endpoint with noise: the row whose noise the first row gets; None is row 0.
        """
        with after_checks(*self._conditions(*values)):
            values = [*map(tf.identity, values)]
            answers = self._translated(*values) if first_row is None else self._row_translated(*values, first_row)
            return {
                name: finite(answer, name) if answer.dtype.is_floating else answer for name, answer in answers.items()
            }

    def call_encoded(self, image_bytes: tf.Tensor, *values: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoint on files, one by one, so that their sizes may differ; the pictures come back as PNGs.

        A row gets the same noise as the row of that number in an array.
        """
        others = self.inputs[1:]

        def translated(row):
            own = [value[row, None] if one.has_rows else value for one, value in zip(others, values, strict=True)]
            first_row = row if "seed" in self.endpoint.inputs else None
            answer = self.call(self._decoded(image_bytes[row], row)[None], *own, first_row=first_row)["images"]
            return encoded_pictures.png(answer)[0]

        rows = row_checks((self.image_bytes, *others), (image_bytes, *values))
        with after_checks(*input_checks(self.image_bytes, image_bytes), *rows):
            count = row_count(image_bytes)
            return {"image_bytes": tf.map_fn(translated, tf.range(count), fn_output_signature=tf.string)}

    def _decoded(self, content: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        """A file's picture, float32 [height, width, channels] in [-1, 1], decoded after the checks of its header."""
        most = BYTES_PER_PIXEL * self.sampling["max_side"] ** 2 + OTHER_BYTES
        file = encoded_pictures.header(content, row, most)
        with after_checks(*self._sides_fit(file.sides, "row", row, "of image_bytes:")):
            return encoded_pictures.pixels(file, self.image_shape[2])

    def _conditions(self, *values: tf.Tensor):
        takes = {one.name for one in self.inputs}
        for one, value in zip(self.inputs, values, strict=True):
            yield from input_checks(one, value)
            if one.shape[1:3] == (None, None):
                yield from self._sides_fit(tf.shape(value)[1:3])
                yield self._pixels_fit(value, batch=self.sampling["batch_size"] if "gamma_percentile" in takes else 1)
        if {"images", "inputs"} <= takes:
            alike = tf.reduce_all(tf.equal(tf.shape(values[0]), tf.shape(values[1])))
            yield tf.debugging.Assert(alike, ["inputs and images must have the same shape."])
        else:
            yield from row_checks(self.inputs, values)

    def _sides_fit(self, sides: tf.Tensor, *where: str | tf.Tensor):
        largest = self.sampling["max_side"]
        fits = (sides % self.multiple == 0) & (sides >= self.smallest) & (sides <= largest)
        expected = f"height and width must be multiples of {self.multiple}, {self.smallest} to {largest}, got"
        yield tf.debugging.Assert(tf.reduce_all(fits), [*where, expected, sides])

    def _pixels_fit(self, images: tf.Tensor, *, batch: int):
        """The check of the pixels in memory at once: of all pictures, or of a batch of candidates for one picture.

        A picture of the training size always fits.
        """
        shape, (height, width, _) = tf.shape(images, tf.int64), self.image_shape
        pixels = tf.maximum(shape[0], batch) * shape[1] * shape[2]
        largest = max(self.sampling["max_pixels"], batch * height * width)
        what = f"{batch} candidates" if batch > 1 else "all images"
        return is_in_range(pixels, 0, largest, f"the number of pixels of {what} together")
