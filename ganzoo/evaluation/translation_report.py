"""The report on an export that translates pictures: each direction beside its input as it is, and beside reals."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from ganzoo import environment
from ganzoo.data.parts import Domains
from ganzoo.data.reals import to_float
from ganzoo.evaluation import extractors
from ganzoo.evaluation.table import format_table
from ganzoo.evaluation.translation_evaluator import TranslationEvaluator
from ganzoo.serving.exported import Exported


def measure(exported: Exported, domains: Domains, config: ConfigDict, workdir: Path | None = None, **sampling) -> dict:
    """The metrics of every direction on the test part, by the signatures that will be served.

    Returns:
        `{"a_to_b": {...}, "a_to_b, untranslated": {...}, "a_to_b, real": {...}, ...}`: each direction, beside it what
        its input scores as it is, and what real pictures of the target score. Of a direction that has a way back also
        `cycle_error`, and `identity_error` of the target's own pictures.
    """
    del workdir, sampling  # of the other task
    count = config.evaluation.num_samples
    print(f"measuring up to {count} test pictures in each direction ...")
    extractor = extractors.asked_for(config)
    evaluator = TranslationEvaluator(domains, seed=config.seed, cache=environment.cache_folder(), extractor=extractor)
    test = [domain.take(np.arange(min(count, len(domain)))) for domain in domains.test]
    directions = exported.config["directions"]
    rows: dict[str, dict[str, float]] = {}

    def translated(images, name, signature=None):
        """By the direction's own signature, or by `translate` and the domain."""
        signature = signature or (name if name in exported.signatures else "translate")
        asked = np.full(len(images), directions[name]["target"]) if exported.takes_domains(signature) else None
        return exported.translate(signature, images, seed=config.seed, domains=asked)

    for name, direction in directions.items():
        sources = [test[source] for source in direction["sources"]]
        images = to_float(np.concatenate([source.samples for source in sources]))
        labels = None if sources[0].labels is None else np.concatenate([source.labels for source in sources])
        targets = test[direction["target"]].samples if domains.paired else None

        def row(title, samples, target=direction["target"], labels=labels, targets=targets):
            metrics = evaluator.measure(samples, target, labels, targets, row=title)
            return metrics | (evaluator.domain_accuracy(samples, target) if len(domains.names) > 2 else {})

        fakes = translated(images, name)
        rows[name] = row(name, fakes)
        if back := {to["target"]: other for other, to in directions.items() if direction["target"] in to["sources"]}:
            ends = np.cumsum([len(source) for source in sources])[:-1]
            ways = zip(np.split(fakes, ends), direction["sources"], strict=True)
            returned = [translated(part, back[source]) for part, source in ways]
            own = to_float(test[direction["target"]].samples)
            rows[name] |= evaluator.errors(np.concatenate(returned), images, "cycle_error")
            rows[name] |= evaluator.errors(translated(own, name), own, "identity_error")
        if "drs" in exported.signatures:
            rows[f"{name}, drs"] = row(f"{name}, drs", translated(images, name, "drs"))
        rows[f"{name}, untranslated"] = row(f"{name}, untranslated", images)
        of_target = test[direction["target"]].samples
        real = evaluator.domain_accuracy(of_target, direction["target"]) if len(domains.names) > 2 else {}
        rows[f"{name}, real"] = evaluator.floor(direction["target"], len(images), row=f"{name}, real") | real
    return rows


def describe(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """A table for each direction, whose metrics are named for its target."""
    tables: dict[str, dict] = {}
    for name, row in metrics.items():
        tables.setdefault(name.partition(",")[0], {})[name] = row
    return "\n\n".join(map(format_table, tables.values()))
