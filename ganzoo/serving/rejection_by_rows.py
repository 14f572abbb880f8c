"""Discriminator rejection sampling in the client, on the signature `propose` that a server can batch.

The client draws the latents and the uniforms, the server says of each row whether it is accepted, and rows are asked
for until there are enough. The maximum log ratio and gamma are those of the export's burn-in.
"""

import numpy as np

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
        connection: of a model that has the signature.
        num_samples: at least 1.
        seed: the same seed, rows and labels give the same samples.
        labels: int [num_samples] of a conditional model, the class of each sample; else None.
        rows: proposals in a request.
        max_rounds: the bound; where it runs out, fewer samples come back.
        signature: its name.

    Returns:
        `samples` float32 [n, ...] and `accept_probability` float32 [n], n <= num_samples, in the order of `labels`,
        which come back too, int64 [n]; `num_proposed` int64 [] and `acceptance_rate` float32 [], of all rows asked for.

    Raises:
        GanzooError: as of `Connection.predict`.
    """
    latent_dim = connection.signature(signature).inputs["latents"].shape[1]
    rng = np.random.Generator(np.random.Philox(seed))
    wanted = np.zeros(num_samples, np.int64) if labels is None else np.asarray(labels, np.int64)
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    num_proposed = num_accepted = 0
    for _ in range(max_rounds):
        open_positions = [position for position in range(num_samples) if position not in found]
        if not open_positions:
            break
        # Rows are shared out evenly among what is still missing, so that no class waits for the others.
        of_rows = wanted[np.resize(open_positions, rows)]
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
            waiting.setdefault(wanted[position], []).append(position)
        for row in accepted:
            if waiting[of_rows[row]]:
                position = waiting[of_rows[row]].pop()
                found[position] = answer["samples"][row], answer["accept_probability"][row]

    positions = sorted(found)
    shape = connection.signature(signature).outputs["samples"].shape[1:]
    draws = {
        "samples": np.array([found[position][0] for position in positions], np.float32).reshape(-1, *shape),
        "accept_probability": np.array([found[position][1] for position in positions], np.float32),
        "num_proposed": np.int64(num_proposed),
        "acceptance_rate": np.float32(num_accepted / num_proposed),
    }
    return draws if labels is None else draws | {"labels": wanted[positions]}
