"""The inputs of an export's signatures: each is said here once, by name.

The exports' specs, checks and warm-up requests, the defaults, the flags of the commands and what the clients draw are
all read from this table. It needs neither TensorFlow nor Keras, so that a client by REST can read it, too.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from absl import flags

from ganzoo.errors import GanzooError, did_you_mean

flags.disclaim_key_flags()  # a flag that is defined here is of the command that asks for it

DTYPES = ("float32", "int32", "int64", "bool")  # of a user's own inputs
INPUT_HELP = (
    "an input of the signature that has no flag of its own, as NAME=VALUE; several values with commas between them; "
    "give it again for another input"
)

Number = float | int | bool


@dataclasses.dataclass(frozen=True)
class Input:
    """An input of a signature.

    In the table, numbers that depend on the model or on `config.sampling` are named: a side of `shape` and `below` by a
    size of the model (`latent_dim`, `num_classes`), `at_most`, `limit` and `default` by a key of `config.sampling`.
    `settled` puts the numbers in their places.

    Attributes:
        name: letters, digits and underscores.
        dtype: "float32", "int32", "int64" or "bool"; of a picture's file "string".
        shape: () of one value. None in front is any number of rows, None behind it a side of any size.
        at_least: the least value, at most 0 where it is not given. Numbers that have no bounds on both sides must be
            finite.
        at_most: the largest value.
        below: what every value is below, instead of `at_most`.
        limit: the most rows in a request.
        counted: what the rows are, for the message about too many.
        each: what one row is, and of what there must be one for each.
        default: of the commands and of `Exported.draw`; None is no default.
        help: of the flag.
        default_help: where the default comes from, for the flag's help.
        spread: how a client draws rows that nobody gave: "normal", "symmetric" in [-1, 1), or "unit" in [0, 1).
        asks_for_samples: whether a signature that takes it draws samples.
        is_pictures: whether a folder of pictures can be given by it.

    Raises:
        GanzooError: for a name, dtype, shape or bounds that cannot be.
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
    default: Number | str | None = None
    help: str = ""
    default_help: str = "the export's config"
    spread: str | None = None
    asks_for_samples: bool = False
    is_pictures: bool = False

    def __post_init__(self):
        object.__setattr__(self, "shape", tuple(self.shape))
        if not self.name.isidentifier():
            raise GanzooError(f"'{self.name}' is no name for an input: give letters, digits and underscores.")
        if self.dtype not in (*DTYPES, "string"):
            raise GanzooError(f"input '{self.name}' is {self.dtype}: give one of {', '.join(DTYPES)}.")

    def settled(self, numbers: Mapping[str, object]) -> "Input":
        """The input with numbers for names; a default that is not among them is none."""
        shape = []
        for side in self.shape:
            size = numbers[side] if isinstance(side, str) else side
            shape += size if isinstance(size, tuple | list) else [size]
        named = {key: getattr(self, key) for key in ("at_most", "below", "limit")}
        bounds = {key: numbers[value] for key, value in named.items() if isinstance(value, str)}
        return dataclasses.replace(self, shape=tuple(shape), default=self.default_in(numbers), **bounds)

    def default_in(self, numbers: Mapping[str, object]) -> Number | None:
        """The default, by `config.sampling` where it is one of its keys; None is no default."""
        return numbers.get(self.default) if isinstance(self.default, str) else self.default

    @property
    def has_rows(self) -> bool:
        """Whether there may be any number of rows of it."""
        return bool(self.shape) and self.shape[0] is None

    @property
    def least(self) -> Number:
        """The least value that is right."""
        return self.at_least or 0

    @property
    def numpy_dtype(self) -> np.dtype:
        """As a request has it; `object` for files."""
        return np.dtype(object if self.dtype == "string" else self.dtype)

    def facts(self) -> dict:
        """What `assets/config.json` says of a user's own input; `Input(**facts)` is the input again."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name == "name" or getattr(self, field.name) != field.default
        }


def _by_name(*inputs: Input) -> dict[str, Input]:
    return {one.name: one for one in inputs}


SAMPLING = _by_name(  # of models that sample
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
)
_images = Input(
    "images",
    shape=(None, None, None, "channels"),
    limit="max_images",
    counted="images",
    spread="symmetric",
    is_pictures=True,
)
_TRANSLATION = _by_name(  # of translators
    _images,
    dataclasses.replace(_images, name="inputs", is_pictures=False),
    Input("image_bytes", "string", (None,), limit="max_images", counted="images", is_pictures=True),
    Input("domains", "int64", (None,), at_least=0, below="num_domains", each=("domain", "images")),
)
INPUTS = SAMPLING | _TRANSLATION
FIXED_IMAGES = dataclasses.replace(_images, shape=(None, "image_shape"))  # of the size that was trained on

OPTIONS = tuple(name for name, one in INPUTS.items() if one.default is not None)  # what the config has defaults of
ASKING = tuple(name for name, one in INPUTS.items() if one.asks_for_samples)
PICTURES = tuple(name for name, one in INPUTS.items() if one.is_pictures)


def own_inputs(config: Mapping, signature: str) -> dict[str, Input]:
    """A user's own inputs of a signature by name, as an export's `assets/config.json` says them."""
    return {name: Input(**facts) for name, facts in config.get("own_signatures", {}).get(signature, {}).items()}


def default(config: Mapping, signature: str, name: str) -> Number | None:
    """What an input of a signature is where nobody gives it, by an export's `assets/config.json`; None if it has to be
    given."""
    known = own_inputs(config, signature).get(name) or INPUTS.get(name)
    return None if known is None else known.default_in(config["sampling"])


def random_rows(one: Input, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Right rows of an input, as different as its bounds allow, [rows, ...] in its dtype.

    Args:
        one: settled, every side but that of the rows a number.
        rows: how many.
        rng: what they are drawn by. Whole numbers come in turn.
    """
    shape = (rows, *one.shape[1:])
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
        *names: inputs whose default the export knows; the flag is None where it is not given.
        **defaults: inputs with a default of the command's own.
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


def given(*names: str) -> dict[str, Number]:
    """The flags' values by name, without flags that were not given and have no default."""
    return {name: flags.FLAGS[name].value for name in names if flags.FLAGS[name].value is not None}


def whole_numbers(name: str) -> list[int] | None:
    """The whole numbers of a flag such as `--labels 3,7`; None where it is not given.

    Raises:
        GanzooError: for what are no whole numbers.
    """
    texts = flags.FLAGS[name].value
    try:
        return None if texts is None else [int(text) for text in texts]
    except ValueError:
        raise GanzooError(f"--{name} is {','.join(texts)}, expected whole numbers such as 3,7.") from None


def read(signature: str, specs: Mapping[str, tuple[np.dtype, Sequence[int | None]]]) -> dict[str, np.ndarray]:
    """The values of the flags `--input NAME=VALUE`, in the dtypes and shapes of a signature's inputs.

    Args:
        signature: its name, for messages.
        specs: dtype and shape of its inputs by name. Of rows, any number of values is right.

    Raises:
        GanzooError: for an input that the signature does not take or that has a flag of its own, and for a value that
            is not of its dtype or shape.
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
