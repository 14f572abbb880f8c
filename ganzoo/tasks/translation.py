"""Models that translate pictures: trained on domains, exported image in, image out, measured direction by direction."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo.bases.translating import TranslationModel
from ganzoo.data.loading import load_domains
from ganzoo.data.parts import Domains
from ganzoo.data.pipeline import check_batch_size, domain_pairs, labelled_domains
from ganzoo.data.reals import to_float
from ganzoo.errors import GanzooError
from ganzoo.evaluation import translation_report
from ganzoo.export import saved_model
from ganzoo.export.saved_model import Servable
from ganzoo.models import model_class
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
from ganzoo.training import loop

SHOWN = 10  # pictures in a row of `samples/`

measure, describe = translation_report.measure, translation_report.describe


def load(config: ConfigDict) -> Domains:
    """The domains, each split into what is trained on and what is measured."""
    data = {key: value for key, value in config.data.items() if key != "flip"}
    return load_domains(config.dataset, **data)


def settle(config: ConfigDict, domains: Domains) -> None:
    """Sets `config.model.num_domains` to what the data have, if it is 0."""
    if config.model.get("num_domains") == 0:
        config.model.num_domains = len(domains.names)


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
            "--config.data.paired=by_name or side_by_side, the set edges2digits, or cyclegan or cut, which need none."
        )
    if count != model.num_domains:
        remedy = f" Give --config.model.num_domains={count}, or leave it out." if model.labelled else ""
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
    evaluated: Callable[[], None] | None = None,
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
        rows = model.sample_rows(*(tf.constant(of[:count]) for of in shown))
        return drawing.grid(np.concatenate(rows), columns=count)

    return loop.train(model, data, picture, config, workdir, None, None, strategy, callbacks, evaluated)


def servable(
    model: TranslationModel, domains: Domains, config: ConfigDict, description: Mapping, *, fit_ratio: bool = True
) -> Servable:
    """What the export consists of. A translator has no density ratio to fit."""
    del fit_ratio
    facts = {"domains": list(domains.names), **description}
    return saved_model.servable_translator(model, sampling=config.sampling, description=facts)


def example(export: Path) -> str:
    facts = Exported.describe(export)
    domain = f" --domain {facts['domains'][0]}" if model_class(facts["name"]).labelled else ""
    return f"python -m ganzoo.sample --export_dir {export} --input_dir pictures{domain} --out translated"
