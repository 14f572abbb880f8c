"""Discriminator rejection sampling in the client, by the signature `propose`, which a server can batch.

The client draws the latents and the uniforms, and the server decides which rows are accepted. The client sends rows
until it has enough samples. The maximum log ratio and gamma come from the export's burn-in.
"""

import numpy as np

from ganzoo import seeds
from ganzoo.serving.connection import Connection


def draw(
    connection: Connection,
    num_samples: int,
    *,
    seed: int = 0,
    labels: np.ndarray | None = None,
    rows: int = 256,
    max_rounds: int = 100,
    signature: str = "propose",
) -> dict[str, np.ndarray]:
    """Accepted samples, in at most `max_rounds` requests.

    Args:
        connection: a connection to a model that has the signature.
        num_samples: the number of samples, at least 1.
        seed: any whole number; the same seed, rows and labels give the same samples.
        labels: int [num_samples], the class of each sample of a conditional model; None for other models.
        rows: proposals in a request.
        max_rounds: the most requests; after the last request, fewer samples may come back.
        signature: the signature's name.

    Returns:
        A dict by name, with n <= num_samples:

        - samples: float32 [n, ...], in the order of `labels`.
        - accept_probability: float32 [n].
        - labels: int64 [n], for a conditional model alone.
        - num_proposed: int64 [], the number of all rows sent.
        - acceptance_rate: float32 [], the accepted share of all rows sent.

    Raises:
        GanzooError: as in `Connection.predict`.
    """
    latent_dim = connection.signature(signature).inputs["latents"].shape[1]
    rng = np.random.Generator(np.random.Philox(seeds.entropy(seed)))
    classes = np.zeros(num_samples, np.int64) if labels is None else np.asarray(labels, np.int64)
    filled: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # by position: the sample and its acceptance probability
    num_proposed = num_accepted = 0
    for _ in range(max_rounds):
        open_positions = [position for position in range(num_samples) if position not in filled]
        if not open_positions:
            break
        # The rows are shared out evenly among the samples still missing, so that no class waits for the others.
        of_rows = classes[np.resize(open_positions, rows)]
        inputs = {
            "latents": rng.standard_normal((rows, latent_dim), np.float32),
            "uniforms": rng.random(rows, np.float32),
            "labels": of_rows,
        }
        if labels is None:
            del inputs["labels"]
        answer = connection.predict(signature, inputs)
        accepted = np.flatnonzero(answer["accepted"])
        num_proposed, num_accepted = num_proposed + rows, num_accepted + len(accepted)
        waiting: dict[int, list[int]] = {}
        for position in reversed(open_positions):
            waiting.setdefault(classes[position], []).append(position)
        for row in accepted:
            if waiting[of_rows[row]]:
                position = waiting[of_rows[row]].pop()
                filled[position] = answer["samples"][row], answer["accept_probability"][row]

    positions = sorted(filled)
    shape = connection.signature(signature).outputs["samples"].shape[1:]
    draws = {
        "samples": np.array([filled[position][0] for position in positions], np.float32).reshape(-1, *shape),
        "accept_probability": np.array([filled[position][1] for position in positions], np.float32),
        "num_proposed": np.int64(num_proposed),
        "acceptance_rate": np.float32(num_accepted / num_proposed),
    }
    return draws if labels is None else draws | {"labels": classes[positions]}
