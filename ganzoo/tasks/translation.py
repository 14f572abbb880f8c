"""Models that translate pictures: trained on domains, exported image in, image out, measured direction by direction."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo import environment
from ganzoo.bases.translating import Direction, TranslationModel
from ganzoo.data.loading import load_domains
from ganzoo.data.parts import Domains
from ganzoo.data.pipeline import check_batch_size, domain_pairs, labelled_domains
from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.evaluation.table import format_table
from ganzoo.evaluation.translation_evaluator import TranslationEvaluator
from ganzoo.export import saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.models import model_class
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
from ganzoo.training import loop

SHOWN = 10  # pictures in a row of `samples/`


def load(config: ConfigDict) -> Domains:
    """The domains, each split into what is trained on and what is measured."""
    data = {key: value for key, value in config.data.items() if key != "flip"}
    return load_domains(config.dataset, **data)


def sizes(domains: Domains) -> str:
    of_each = zip(domains.names, domains.train, domains.test, strict=True)
    paired = "in pairs" if domains.paired else "unpaired"
    return ", ".join(f"{name}: {len(train)} to train and {len(test)} to measure" for name, train, test in of_each) + (
        f" ({paired})"
    )


def ready(model: TranslationModel, domains: Domains, config: ConfigDict) -> None:
    """Compiles the model, and finds what is wrong with the config before anything is written.

    Raises:
        GanzooError: for an optimizer or schedule that there is not, for a batch larger than the data or the model's
            pool of past fakes, for domains that are not what the model translates between, and for limits that no
            request could keep.
    """
    count = len(domains.names)
    if model.needs_pairs and not domains.paired:
        raise GanzooError(
            f"'{domains.name}' has no pairs, and {model.zoo_name} learns from them. Give a folder's pairs by "
            "--config.data.paired=by_name or side_by_side, the set edges2digits, or cyclegan, which needs none."
        )
    if count != model.num_domains:
        remedy = f" Give --config.model.num_domains={count}." if model.labelled else ""
        raise GanzooError(
            f"'{domains.name}' has {count} domains ({', '.join(domains.names[:5])}{', ...' if count > 5 else ''}), "
            f"but {model.zoo_name} is made for {model.num_domains}.{remedy}"
        )
    pictures_of = [len(domain) for domain in domains.train]
    check_batch_size(config.batch_size, sum(pictures_of) if model.labelled else min(pictures_of))
    model.check_batch(config.batch_size)
    saved_model.check_limits(config.sampling, model.image_shape)
    loop.compile_for(model, config)


def train(
    model: TranslationModel,
    domains: Domains,
    config: ConfigDict,
    workdir: Path,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> bool:
    """Trains up to `config.steps`; see `loop.train`. The sample pictures are of the test part."""
    batches = labelled_domains if model.labelled else domain_pairs

    def data(first_step, share):
        jitter = dict(image_size=domains.shape[0], flip=config.data.flip)
        where = dict(seed=config.seed, first_step=first_step, steps=config.steps, share=share, draws=model.n_critic)
        return batches(domains, config.batch_size, **where, **jitter)

    shown = [to_float(domain.samples[:SHOWN]) for domain in domains.test]
    count = min(map(len, shown))

    def picture():
        rows = model.rows(*(tf.constant(of[:count]) for of in shown))
        return drawing.grid(np.concatenate(rows), columns=count)

    return loop.train(model, data, picture, config, workdir, strategy=strategy, callbacks=callbacks)


def servable(model: TranslationModel, domains: Domains, config: ConfigDict, description: Mapping) -> Servable:
    """What the export consists of."""
    facts = {"domains": list(domains.names), **description}
    return saved_model.servable_translator(model, sampling=config.sampling, description=facts)


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
    evaluator = TranslationEvaluator(domains, seed=config.seed, cache=environment.cache_folder())
    test = [domain.take(np.arange(min(count, len(domain)))) for domain in domains.test]
    directions = {name: Direction(**facts) for name, facts in exported.config["directions"].items()}
    rows: dict[str, dict[str, float]] = {}

    def translated(images, name, signature=None):
        """By the direction's own signature, or by `translate` and the domain."""
        signature = signature or (name if name in exported.signatures else "translate")
        asked = np.full(len(images), directions[name].target) if exported.takes_domains(signature) else None
        return exported.translate(signature, images, seed=config.seed, domains=asked)

    for name, direction in directions.items():
        sources = [test[source] for source in direction.sources]
        images = to_float(np.concatenate([source.samples for source in sources]))
        labels = None if sources[0].labels is None else np.concatenate([source.labels for source in sources])
        targets = test[direction.target].samples if domains.paired else None

        def row(samples, direction=direction, labels=labels, targets=targets):
            found = evaluator.to_target(samples, direction.target, labels)
            if len(domains.names) > 2:
                found |= evaluator.domain_accuracy(samples, direction.target)
            return found if targets is None else evaluator.against(samples, targets) | found

        fakes = translated(images, name)
        rows[name] = row(fakes)
        if back := {to.target: other for other, to in directions.items() if direction.target in to.sources}:
            ends = np.cumsum([len(source) for source in sources])[:-1]
            ways = zip(np.split(fakes, ends), direction.sources, strict=True)
            returned = [translated(part, back[source]) for part, source in ways]
            own = to_float(test[direction.target].samples)
            rows[name] |= evaluator.errors(np.concatenate(returned), images, "cycle_error")
            rows[name] |= evaluator.errors(translated(own, name), own, "identity_error")
        if "drs" in exported.signatures:
            rows[f"{name}, drs"] = row(translated(images, name, "drs"))
        rows[f"{name}, untranslated"] = row(images)
        of_target = test[direction.target].samples
        real = evaluator.domain_accuracy(of_target, direction.target) if len(domains.names) > 2 else {}
        rows[f"{name}, real"] = evaluator.floor(direction.target, len(images)) | real
    return rows


def describe(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """A table for each direction, whose metrics are named for its target."""
    tables: dict[str, dict] = {}
    for name, row in metrics.items():
        tables.setdefault(name.partition(",")[0], {})[name] = row
    return "\n\n".join(map(format_table, tables.values()))


def example(export: Path) -> str:
    facts = Exported.describe(export)
    domain = f" --domain {facts['domains'][0]}" if model_class(facts["name"]).labelled else ""
    return f"python -m ganzoo.sample --export_dir {export} --input_dir pictures{domain} --out translated"
