"""Requests to a served model: samples from any signature that draws samples, pictures through any that takes pictures.

If a request would hold more than the export allows, it is split into several requests, each with its own seed. The
export's refusal names the limit. If requests are as large as the export allows, the samples equal `ganzoo.sample`'s.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence

import numpy as np

from ganzoo import seeds
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
    """Samples by any signature that draws samples.

    Among them are generate, drs, drs_png, obrs, mh and generate_from_codes. For serving_default the latents are drawn
    here. For propose the latents and the uniforms are drawn here, and accepted rows are kept (`rejection_by_rows`).

    Args:
        connection: a connection to the model.
        signature: the signature's name.
        num_samples: the number of samples, at least 1.
        seed: any whole number; the same seed gives the same samples.
        labels: classes of a conditional model's samples, taken in turn.
        categories: categories of an InfoGAN's codes, taken in turn; the continuous codes are drawn from U(-1, 1).
        max_per_request: samples in a request, for propose rows in a request; None is as many as the export allows.
        **options: the signature's other inputs, such as `gamma_percentile`; rows are taken in turn. For propose also
            `max_rounds`. Inputs that the signature does not take are ignored.

    Returns:
        The outputs by name. The rows of several requests are joined and their counts summed. A signature that rejects
        may give fewer samples.

    Raises:
        GanzooError: for a signature that draws no samples, for labels or categories that are missing or not taken,
            and as in `Connection.predict`.
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

    rng = np.random.Generator(np.random.Philox(seeds.entropy(seed)))
    for name, one in INPUTS.items():
        if name in specs and name not in of_rows and one.spread is not None and not one.is_pictures:
            of_rows[name] = random_rows(dataclasses.replace(one, shape=specs[name].shape), num_samples, rng)

    def ask(request: int, rows: slice) -> dict[str, np.ndarray]:
        inputs = {"num_samples": rows.stop - rows.start, "seed": seeds.words(seed, request), **options}
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
    first_request: int = 0,
    **options,
) -> dict[str, np.ndarray]:
    """Pictures through a signature that takes pictures: a translator's, `score`, or an InfoGAN's `recognise`.

    Args:
        connection: a connection to the model.
        signature: the signature's name.
        pictures: float32 [n, height, width, channels] in [-1, 1]. For signatures named `*_png`: files, an object array
            of `bytes` [n].
        seed: any whole number, for a signature that takes a seed; each request gets its own stream of noise.
        domain: the number of the domain to translate to, for a signature that takes domains.
        max_per_request: pictures in a request; fewer if the export allows fewer.
        first_request: the number of the first request, by which its noise differs from the noise of others.
        **options: the signature's other inputs; inputs that the signature does not take are ignored.

    Returns:
        The outputs by name, rows joined. `drs` also gives `rows`: the number of the picture that each of `images`
        translates.

    Raises:
        GanzooError: for a signature that takes no pictures or takes pairs of pictures, for a domain that is missing or
            not taken, and as in `Connection.predict`.
    """
    name = takes(connection, signature)
    if ("domains" in connection.signature(signature).inputs) != (domain is not None):
        needs = "takes no" if domain is not None else "needs a"
        raise GanzooError(f"signature '{signature}' {needs} domain (--domain, a number).")

    def ask(request: int, rows: slice) -> dict[str, np.ndarray]:
        inputs = {name: pictures[rows], "seed": seeds.words(seed, first_request + request), **options}
        if domain is not None:
            inputs["domains"] = np.full(rows.stop - rows.start, domain)
        outputs = connection.predict(signature, inputs)
        return outputs | ({"rows": outputs["rows"] + rows.start} if "rows" in outputs else {})

    return _in_requests(ask, len(pictures), max_per_request)


def takes(connection: Connection, signature: str) -> str:
    """The name of the input that takes pictures.

    Raises:
        GanzooError: if no input takes pictures, or two do.
    """
    specs = connection.signature(signature).inputs
    names = [name for name in PICTURES if name in specs]
    if len(names) != 1 or "inputs" in specs:
        raise GanzooError(
            f"signature '{signature}' does not take one kind of pictures: its inputs are {', '.join(sorted(specs))}."
        )
    return names[0]


def _in_requests(ask: Ask, total: int, largest: int) -> dict[str, np.ndarray]:
    """The joined answers of `ask(number of the request, its rows)` for all rows; a refusal makes requests smaller."""
    while True:
        try:
            starts = range(0, total, largest)
            return joined([ask(r, slice(first, min(first + largest, total))) for r, first in enumerate(starts)])
        except Refused as refused:
            limit = LIMIT.search(str(refused))
            # The limit may count rows or, for example, pixels. Every row has as many pixels, so proportions hold.
            smaller = largest * int(limit[1]) // int(limit[2]) if limit else 0
            if not 0 < smaller < largest:
                raise
            largest = smaller
