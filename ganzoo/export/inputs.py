"""The inputs of an export's signatures: each is described here once, by name.

This table gives the exports' specs, checks and warm-up requests, the defaults, the flags of the commands, and the rows
that clients draw. The module needs neither TensorFlow nor Keras, so that a REST client can read it, too.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from absl import flags

from ganzoo.errors import GanzooError, did_you_mean

flags.disclaim_key_flags()  # a flag that is defined here belongs to the command that calls `define_flags`

DTYPES = ("float32", "int32", "int64", "bool")  # a user's own input has one of these
INPUT_HELP = (
    "an input of the signature that has no flag of its own, as NAME=VALUE; several values with commas between them; "
    "give it again for another input"
)

SIZE_HELP = (
    "with --input_dir: the side of the squares that pictures are cut to and resized to; 0: their own width and height, "
    "or the nearest that the signature takes"
)

Number = float | int | bool


@dataclasses.dataclass(frozen=True)
class Input:
    """An input of a signature.

    A number that depends on the model or on `config.sampling` is given by its name. `settled` replaces the names by
    numbers. A side of `shape` and `below` may name a size of the model (`latent_dim`, `num_classes`). `at_most`,
    `limit` and `default` may name a key of `config.sampling`.

    Attributes:
        name: letters, digits and underscores.
        dtype: "float32", "int32", "int64" or "bool"; "string" for a picture's file.
        shape: () for one value. A first side of None means any number of rows; any other side of None, any size.
        at_least: the least value. None is no lower bound; 0 must then be valid. Numbers without bounds on both sides
            must be finite.
        at_most: the largest value.
        below: an upper bound that no value reaches, instead of `at_most`.
        limit: the most rows in a request.
        counted: the name of the rows in the message about too many rows.
        each: two names for messages: of one row, and of the things that need one row each.
        one_of: the values that the input may have, in the order in which the signature's function numbers them: the
            function gets 0 for the first value. None is no such list. The name of a list among the settled numbers.
        default: the default of the commands and of `Exported.draw`; None is no default.
        help: the flag's help.
        default_help: where the default comes from, for the flag's help.
        spread: how a client draws rows that were not given: "normal", "symmetric" in [-1, 1), or "unit" in [0, 1).
        asks_for_samples: whether a signature that takes this input draws samples.
        is_pictures: whether this input can take a folder of pictures.

    Raises:
        GanzooError: for a name or a dtype that is not allowed.
    """

    name: str
    dtype: str = "float32"
    shape: tuple[int | str | None, ...] = ()
    at_least: Number | None = None
    at_most: Number | str | None = None
    below: Number | str | None = None
    limit: int | str | None = None
    counted: str = "rows"
    each: tuple[str, str] | None = None
    one_of: tuple[int, ...] | str | None = None
    default: Number | str | None = None
    help: str = ""
    default_help: str = "the export's config"
    spread: str | None = None
    asks_for_samples: bool = False
    is_pictures: bool = False

    def __post_init__(self):
        object.__setattr__(self, "shape", tuple(self.shape))
        if isinstance(self.one_of, list):  # of a JSON file
            object.__setattr__(self, "one_of", tuple(self.one_of))
        if not self.name.isidentifier():
            raise GanzooError(f"'{self.name}' is no name for an input: give letters, digits and underscores.")
        if self.dtype not in (*DTYPES, "string"):
            raise GanzooError(f"input '{self.name}' is {self.dtype}: give one of {', '.join(DTYPES)}.")

    def settled(self, numbers: Mapping[str, object]) -> "Input":
        """The input with its names replaced by `numbers`; a default whose name is not among them becomes None."""
        shape = []
        for side in self.shape:
            size = numbers[side] if isinstance(side, str) else side
            shape += size if isinstance(size, tuple | list) else [size]
        named = {key: getattr(self, key) for key in ("at_most", "below", "limit")}
        bounds = {key: numbers[value] for key, value in named.items() if isinstance(value, str)}
        if isinstance(self.one_of, str):
            bounds["one_of"] = numbers.get(self.one_of)
        return dataclasses.replace(self, shape=tuple(shape), default=self.default_in(numbers), **bounds)

    def default_in(self, numbers: Mapping[str, object]) -> Number | None:
        """The default, looked up in `config.sampling` if it is a key's name; None is no default."""
        return numbers.get(self.default) if isinstance(self.default, str) else self.default

    @property
    def has_rows(self) -> bool:
        """Whether the input may have any number of rows."""
        return bool(self.shape) and self.shape[0] is None

    @property
    def least(self) -> Number:
        """The least value that the checks accept."""
        return self.at_least or 0

    @property
    def numpy_dtype(self) -> np.dtype:
        """The dtype in a request; `object` for files."""
        return np.dtype(object if self.dtype == "string" else self.dtype)

    def facts(self) -> dict:
        """A user's own input as `assets/config.json` describes it; `Input(**facts)` makes the input again."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name == "name" or getattr(self, field.name) != field.default
        }


def _by_name(*inputs: Input) -> dict[str, Input]:
    return {one.name: one for one in inputs}


SAMPLING = _by_name(  # inputs of models that sample
    Input(
        "num_samples",
        "int32",
        at_least=1,
        at_most="max_samples",
        help="how many",
        asks_for_samples=True,
    ),
    Input("seed", "int32", (2,), help="the same seed gives the same samples"),
    Input(
        "gamma_percentile",
        at_least=0,
        at_most=100,
        default="gamma_percentile",
        help="of drs: larger is stricter",
    ),
    Input(
        "budget",
        at_least=1,
        at_most="max_proposals_per_sample",
        default="budget",
        help="of obrs: mean proposals per sample",
    ),
    Input(
        "chain_length",
        "int32",
        at_least=1,
        at_most="max_chain_length",
        default="chain_length",
        help="of mh: proposals per sample",
    ),
    Input("latents", shape=(None, "latent_dim"), limit="max_rows", spread="normal", asks_for_samples=True),
    Input("uniforms", shape=(None,), at_least=0, below=1, spread="unit"),
    Input("samples", shape=(None, "sample_shape"), limit="max_rows", spread="symmetric", is_pictures=True),
    Input(
        "labels",
        "int64",
        (None,),
        at_least=0,
        below="num_classes",
        each=("label", "samples"),
        one_of="classes",
        help="classes of a conditional model's samples, taken in turn",
        default_help="all of them",
    ),
    Input(
        "categories",
        "int64",
        (None,),
        at_least=0,
        below="num_categories",
        limit="max_rows",
        counted="categories",
        help="of generate_from_codes (infogan), taken in turn",
        asks_for_samples=True,
    ),
    Input("continuous", shape=(None, "num_continuous"), spread="symmetric"),
    Input(
        "truncation",
        at_least=-1,
        at_most=1,
        default=1.0,
        help="of generate_from_styles and mix_styles (stylegan2): less varied samples below 1, the average one at 0",
        default_help="1",
    ),
    Input(
        "style_mixing",
        at_least=0,
        at_most=1,
        default=0.0,
        help="of generate_from_styles (stylegan2): the probability that a sample has two styles",
        default_help="0",
    ),
    Input("fine_latents", shape=(None, "latent_dim"), spread="normal"),
    Input("crossover", "int32", at_least=0, at_most="num_styles"),
)
_images = Input(
    "images",
    shape=(None, None, None, "channels"),
    limit="max_images",
    counted="images",
    spread="symmetric",
    is_pictures=True,
)
_TRANSLATION = _by_name(  # inputs of translators
    _images,
    dataclasses.replace(_images, name="inputs", is_pictures=False),
    Input("image_bytes", "string", (None,), limit="max_images", counted="images", is_pictures=True),
    Input("domains", "int64", (None,), at_least=0, below="num_domains", each=("domain", "images")),
)
INPUTS = SAMPLING | _TRANSLATION
FIXED_IMAGES = dataclasses.replace(_images, shape=(None, "image_shape"))  # pictures of the training size only

OPTIONS = tuple(name for name, one in INPUTS.items() if one.default is not None)  # inputs with a default in the config
ASKING = tuple(name for name, one in INPUTS.items() if one.asks_for_samples)
PICTURES = tuple(name for name, one in INPUTS.items() if one.is_pictures)


def own_inputs(config: Mapping, signature: str) -> dict[str, Input]:
    """A user's own inputs of a signature by name, read from an export's `assets/config.json`."""
    return {name: Input(**facts) for name, facts in config.get("own_signatures", {}).get(signature, {}).items()}


def default(config: Mapping, signature: str, name: str) -> Number | None:
    """The default of a signature's input, from an export's `assets/config.json`; None if the input has no default."""
    known = own_inputs(config, signature).get(name) or INPUTS.get(name)
    return None if known is None else known.default_in(config["sampling"])


def classes(config: Mapping) -> list[int]:
    """The classes of a conditional model by their labels in requests, from an export's `assets/config.json`."""
    return list(config.get("classes") or range(config["num_classes"]))


def random_rows(one: Input, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Valid rows of an input, as different as its bounds allow, [rows, ...] in its dtype.

    Args:
        one: a settled input; every side but the first is a number.
        rows: the number of rows.
        rng: the generator that draws floats. Whole numbers are not drawn: they count up and start again.
    """
    shape = (rows, *one.shape[1:])
    if isinstance(one.one_of, tuple):
        return np.resize(np.array(one.one_of, one.dtype), shape)
    ends = [] if one.at_most is None else [one.at_most + (one.dtype != "float32")]
    ends += [] if one.below is None else [one.below]
    if one.spread == "normal":
        values = rng.standard_normal(shape, np.float32)
    elif one.spread == "symmetric":
        values = rng.uniform(-1.0, 1.0, shape)
    elif one.dtype == "float32":
        values = rng.uniform(one.least, min(ends, default=one.least + 1), shape)
    else:
        count = min(ends, default=one.least + rows) - one.least
        values = one.least + np.arange(np.prod(shape)).reshape(shape) % max(int(count), 1)
    return values.astype(one.dtype)


def define_flags(*names: str, **defaults: Number | None) -> None:
    """Defines `--NAME` for inputs of the table, and `--input NAME=VALUE` for all others.

    Args:
        *names: inputs whose default is the export's; a flag that is not given is None.
        **defaults: inputs whose default is the command's own.
    """
    for name in (*names, *defaults):
        one = INPUTS[name]
        words = one.help if name in defaults else f"{one.help}; default: {one.default_help}"
        if one.has_rows:
            flags.DEFINE_list(name, defaults.get(name), words)
        elif one.dtype == "float32":
            flags.DEFINE_float(name, defaults.get(name), words)
        else:
            flags.DEFINE_integer(name, defaults.get(name), words)
    flags.DEFINE_multi_string("input", [], INPUT_HELP)


def flag_values(*names: str) -> dict[str, Number]:
    """The flags' values by name; flags whose value is None are left out."""
    return {name: flags.FLAGS[name].value for name in names if flags.FLAGS[name].value is not None}


def whole_numbers(name: str, words: Sequence[str] = ()) -> list[int] | None:
    """The whole numbers of a flag such as `--labels 3,7`; None if the flag is not given.

    Args:
        name: the flag's name.
        words: words that stand for 0, 1, ... A number that is such a word stands for the word's number.

    Raises:
        GanzooError: for no value, and for values that are neither whole numbers nor such words.
    """
    texts = flags.FLAGS[name].value
    if texts == []:
        raise GanzooError(f"--{name} is empty; give whole numbers such as 3,7, or leave it out.")
    try:
        return None if texts is None else [words.index(text) if text in words else int(text) for text in texts]
    except ValueError:
        names = f" or names of classes ({', '.join(words)})" if words else ""
        raise GanzooError(f"--{name} is {','.join(texts)}, expected whole numbers such as 3,7{names}.") from None


def read(signature: str, specs: Mapping[str, tuple[np.dtype, Sequence[int | None]]]) -> dict[str, np.ndarray]:
    """The values of the flags `--input NAME=VALUE`, in the dtypes and shapes of a signature's inputs.

    Args:
        signature: the signature's name, for messages.
        specs: dtype and shape of the signature's inputs by name. An input with rows takes any number of values.

    Raises:
        GanzooError: for an input that the signature does not take, for an input that has a flag of its own, and for a
            value of another dtype or shape.
    """
    values: dict[str, np.ndarray] = {}
    for text in flags.FLAGS.input:
        name, equals, value = text.partition("=")
        if not equals:
            raise GanzooError(f"--input is '{text}', expected NAME=VALUE such as strength=2.")
        if name not in specs:
            others = ", ".join(sorted(specs))
            raise GanzooError(
                f"signature '{signature}' takes no {name}.{did_you_mean(name, specs)} Its inputs are {others}."
            )
        if name in INPUTS and name in flags.FLAGS:
            raise GanzooError(f"--input {text}: {name} has a flag of its own, --{name}.")
        if name in values:
            raise GanzooError(f"--input {name} is given twice.")
        values[name] = _value(name, value, *specs[name])
    return values


def _value(name: str, text: str, dtype: np.dtype, shape: Sequence[int | None]) -> np.ndarray:
    words = {"f": "a number", "i": "a whole number", "b": "true or false"}.get(dtype.kind)
    if words is None or len(shape) > 1:
        raise GanzooError(f"--input {name}: arrays and files are given in Python, not on a command line.")
    texts = [part.strip() for part in text.split(",")]
    count = 1 if not shape else shape[0]
    try:
        numbers = [_READERS[dtype.kind](part) for part in texts]
    except (KeyError, ValueError):
        numbers = []
    if not numbers or len(numbers) != (count or len(numbers)):
        expected = words if not shape else f"{words} for each row" if count is None else f"{count} times {words}"
        raise GanzooError(f"--input {name} is '{text}', expected {expected}.")
    if dtype.kind == "i" and not all(np.iinfo(dtype).min <= number <= np.iinfo(dtype).max for number in numbers):
        raise GanzooError(f"--input {name} is {text}, which {dtype} cannot hold.")
    with np.errstate(over="ignore"):
        return np.array(numbers if shape else numbers[0], dtype)


_READERS = {"f": float, "i": int, "b": lambda text: {"true": True, "false": False, "1": True, "0": False}[text.lower()]}
