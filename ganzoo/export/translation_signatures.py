"""The signatures of a translator's export: its model's endpoints, with their inputs checked, on arrays and on PNGs."""

from collections.abc import Mapping

import tensorflow as tf

from ganzoo.bases.translating import Endpoint, TranslationModel
from ganzoo.export import encoded_pictures
from ganzoo.export.request_checks import finite, is_finite, is_in_range, rows, rows_fit, under
from ganzoo.export.sampling_signatures import Signatures
from ganzoo.networks.layers.sides import divisor

PNG = "_png"
BYTES_PER_PIXEL = 8  # of an encoded picture at most: a PNG holds 16 bits of each of four channels
OTHER_BYTES = 1 << 20  # of it besides: colour profiles, thumbnails


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

    def checked(self, *given: tf.Tensor, **more: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoint, once its inputs have been found to be right; `more` is passed on to it."""
        with under(*self._conditions(*given)):
            answers = self.endpoint.function(*map(tf.identity, given), **more)
            return {key: finite(of, key) if of.dtype.is_floating else of for key, of in answers.items()}

    def encoded(self, image_bytes: tf.Tensor, *given: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoint on files, each of a size of its own, one by one; the pictures come back as PNGs.

        A row has the noise that it has among the rows of arrays.
        """

        def one(row):
            own = [value[row, None] if value.shape.rank == 1 and value.dtype == tf.int64 else value for value in given]
            noise = dict(first_row=row) if "seed" in self.endpoint.inputs else {}
            translated = self.checked(self._decoded(image_bytes[row], row)[None], *own, **noise)["images"]
            return encoded_pictures.png(translated)[0]

        count = rows(image_bytes)
        in_limit = rows_fit(image_bytes, self.sampling["max_images"], "the number of images")
        with under(in_limit, *(condition for value in given for condition in self._one_for_each(value, count))):
            return {"image_bytes": tf.map_fn(one, tf.range(count), fn_output_signature=tf.string)}

    def _decoded(self, content: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        """A file's picture, float32 [height, width, channels] in [-1, 1]; what its header says is checked before."""
        most = BYTES_PER_PIXEL * self.sampling["max_side"] ** 2 + OTHER_BYTES
        file = encoded_pictures.header(content, row, most)
        with under(*self._sides_fit(file.sides, "row", row, "of image_bytes:")):
            return encoded_pictures.pixels(file, self.image_shape[2])

    def _conditions(self, *given: tf.Tensor):
        values = dict(zip(self.endpoint.inputs, given, strict=True))
        for name, value in values.items():
            if name in ("images", "inputs", "fixed_images"):
                yield rows_fit(value, self.sampling["max_images"], "the number of images")
                yield is_finite(value, name)
            if name in ("images", "inputs"):
                yield from self._sides_fit(tf.shape(value)[1:3])
                yield self._pixels_fit(value, batch=self.sampling["batch_size"] if "gamma_percentile" in values else 1)
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

    def _sides_fit(self, sides: tf.Tensor, *where: str | tf.Tensor):
        largest = self.sampling["max_side"]
        fits = (sides % self.multiple == 0) & (sides >= self.smallest) & (sides <= largest)
        expected = f"height and width must be multiples of {self.multiple}, {self.smallest} to {largest}, got"
        yield tf.debugging.Assert(tf.reduce_all(fits), [*where, expected, sides])

    def _pixels_fit(self, images: tf.Tensor, *, batch: int):
        """What is in memory at once: all pictures, or a batch of candidates for one. One as in training always fits."""
        shape, (height, width, _) = tf.shape(images, tf.int64), self.image_shape
        pixels = tf.maximum(shape[0], batch) * shape[1] * shape[2]
        largest = max(self.sampling["max_pixels"], batch * height * width)
        what = f"{batch} candidates" if batch > 1 else "all images"
        return is_in_range(pixels, 0, largest, f"the number of pixels of {what} together")

    def _one_for_each(self, value: tf.Tensor, wanted: tf.Tensor):
        if value.dtype == tf.int64:
            paired = tf.size(value) == wanted
            yield tf.debugging.Assert(
                paired, ["there must be a domain for each of", wanted, "images, got", tf.size(value)]
            )
