"""What is asked of a served model: samples of any signature that draws them, pictures through any that takes them.

More than a request may hold is asked for in several, with seeds of their own; how much it may hold, the export itself
says when it is asked for more. In requests as large as the export takes, the samples are those of `ganzoo.sample`.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence

import numpy as np

from ganzoo.errors import GanzooError
from ganzoo.export.inputs import ASKING, INPUTS, PICTURES, random_rows
from ganzoo.serving import rejection_by_rows
from ganzoo.serving.answers import joined
from ganzoo.serving.connection import Connection, Refused

LIMIT = re.compile(r"(?:num_samples|the number of [\w ]+) must be in [01] \.\. (\d+), got (\d+)")

Ask = Callable[[int, slice], dict[str, np.ndarray]]


def draw(
    connection: Connection,
    signature: str,
    num_samples: int,
    *,
    seed: int = 0,
    labels: Sequence[int] | None = None,
    categories: Sequence[int] | None = None,
    max_per_request: int | None = None,
    **options,
) -> dict[str, np.ndarray]:
    """Samples by any signature that draws them: generate, drs, drs_png, obrs, mh, generate_from_codes, serving_default
    (latents are drawn here) and propose (so is acceptance, see `rejection_by_rows`).

    Args:
        connection: of the model.
        signature: its name.
        num_samples: at least 1.
        seed: int32; the same seed gives the same samples.
        labels: classes of a conditional model's samples, taken in turn.
        categories: of an InfoGAN's codes, taken in turn; the continuous codes are drawn from U(-1, 1).
        max_per_request: None asks for as many at a time as the export takes; of propose, rows at a time.
        **options: the signature's other inputs, such as `gamma_percentile`, rows being taken in turn; of propose,
            `max_rounds`. What it does not take is ignored.

    Returns:
        The outputs by name; those of several requests joined, counts summed. Of rejection there may be fewer samples.

    Raises:
        GanzooError: for a signature that draws no samples, for labels or categories that are missing or out of place,
            and as of `Connection.predict`.
    """
    specs = connection.signature(signature).inputs
    if num_samples < 1:
        raise GanzooError(f"num_samples is {num_samples}; ask for at least 1.")
    if not any(name in specs for name in ASKING):
        raise GanzooError(f"signature '{signature}' draws no samples: its inputs are {', '.join(sorted(specs))}.")
    of_rows = {"labels": labels, "categories": categories}
    for name, values in of_rows.items():
        if (name in specs) != (values is not None):
            needs = "takes no" if values is not None else "needs"
            raise GanzooError(f"signature '{signature}' {needs} {name} (--{name}).")
    of_rows |= {name: options.pop(name) for name in [*options] if name in specs and specs[name].shape[:1] == (None,)}
    of_rows = {
        name: np.resize(values, (num_samples, *np.shape(values)[1:]))
        for name, values in of_rows.items()
        if values is not None
    }

    if "uniforms" in specs and "accepted" in connection.signature(signature).outputs:
        rounds = {name: options[name] for name in ("max_rounds",) if options.get(name) is not None}
        rows = {} if max_per_request is None else {"rows": max_per_request}
        return rejection_by_rows.draw(
            connection, num_samples, seed=seed, labels=of_rows.get("labels"), signature=signature, **rows, **rounds
        )

    rng = np.random.Generator(np.random.Philox(abs(seed)))
    for name, one in INPUTS.items():
        if name in specs and name not in of_rows and one.spread is not None and not one.is_pictures:
            of_rows[name] = random_rows(dataclasses.replace(one, shape=specs[name].shape), num_samples, rng)

    def ask(request: int, rows: slice) -> dict[str, np.ndarray]:
        inputs = {"num_samples": rows.stop - rows.start, "seed": [seed, request], **options}
        inputs |= {name: values[rows] for name, values in of_rows.items()}
        return connection.predict(signature, inputs)

    return _in_requests(ask, num_samples, max_per_request or num_samples)


def transform(
    connection: Connection,
    signature: str,
    pictures: np.ndarray,
    *,
    seed: int = 0,
    domain: int | None = None,
    max_per_request: int = 32,
    **options,
) -> dict[str, np.ndarray]:
    """Pictures through a signature that takes them: a translator's, `score`, an InfoGAN's `recognise`.

    Args:
        connection: of the model.
        signature: its name.
        pictures: float32 [n, height, width, channels] in [-1, 1], or for signatures named `*_png` files as an object
            array of `bytes` [n].
        seed: int32, of a signature that takes one; each request has a stream of its own.
        domain: number of the domain to translate to, where the signature takes one.
        max_per_request: pictures in a request; fewer where the export takes fewer.
        **options: the signature's other inputs; what it does not take is ignored.

    Returns:
        The outputs by name, rows joined. `drs` also gives `rows`, the numbers of the pictures that it has `images` of.

    Raises:
        GanzooError: for a signature that takes no pictures or two of each, for a domain that is missing or out of
            place, and as of `Connection.predict`.
    """
    name = takes(connection, signature)
    if ("domains" in connection.signature(signature).inputs) != (domain is not None):
        needs = "takes no" if domain is not None else "needs a"
        raise GanzooError(f"signature '{signature}' {needs} domain (--domain, a number).")

    def ask(request: int, rows: slice) -> dict[str, np.ndarray]:
        inputs = {name: pictures[rows], "seed": [seed, request], **options}
        if domain is not None:
            inputs["domains"] = np.full(rows.stop - rows.start, domain)
        outputs = connection.predict(signature, inputs)
        return outputs | ({"rows": outputs["rows"] + rows.start} if "rows" in outputs else {})

    return _in_requests(ask, len(pictures), max_per_request)


def takes(connection: Connection, signature: str) -> str:
    """The name of the input that pictures are given by.

    Raises:
        GanzooError: if there is no such input, or if pictures come by two.
    """
    specs = connection.signature(signature).inputs
    found = [name for name in PICTURES if name in specs]
    if len(found) != 1 or "inputs" in specs:
        raise GanzooError(
            f"signature '{signature}' does not take one kind of pictures: its inputs are {', '.join(sorted(specs))}."
        )
    return found[0]


def _in_requests(ask: Ask, total: int, largest: int) -> dict[str, np.ndarray]:
    """`ask(number of the request, its rows)` until all rows are asked for, in smaller requests if need be."""
    while True:
        try:
            starts = range(0, total, largest)
            return joined([ask(r, slice(first, min(first + largest, total))) for r, first in enumerate(starts)])
        except Refused as refused:
            limit = LIMIT.search(str(refused))
            # What is too much may be counted in rows or, say, in pixels, of which every row has as many.
            smaller = largest * int(limit[1]) // int(limit[2]) if limit else 0
            if not 0 < smaller < largest:
                raise
            largest = smaller
