import dataclasses

import numpy as np
import pytest

from ganzoo import load_config
from ganzoo.errors import GanzooError
from ganzoo.evaluation.translation_evaluator import TranslationEvaluator
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported
from ganzoo.tasks import translation
from tests.conftest import tiny_translator, toy_domains
from tests.exports import exports  # noqa: F401 - a fixture

SAMPLING = dict(
    candidates=4,
    gamma_percentile=50.0,
    batch_size=8,
    max_images=8,
    max_side=32,
    max_pixels=8 * 32**2,
    max_proposals_per_sample=100,
)
DISTANCE, PAIRED = {"kd_random20"}, {"l1_20", "psnr_20", "ssim_20"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """(name, domains) -> what is measured of an untrained export of that name."""

    def measure(name, domains, **overrides):
        model = tiny_translator(name, **overrides)
        config = load_config(name)
        with config.unlocked():
            config.sampling = SAMPLING
        config.evaluation.num_samples = 20
        directory = tmp_path_factory.mktemp("run")
        path = saved_model.write(translation.servable(model, domains, config, {"step": 3}), directory)
        assert Exported.describe(path)["domains"] == list(domains.names)
        exported = Exported(path)
        return exported, translation.measure(exported, domains, config)

    return measure


def test_pairs_are_measured_translated_by_rejection_and_as_they_are(measured):
    """Of pix2pix a row of each way to sample, of the inputs untranslated, and of real targets. The untranslated row is
    what the pictures themselves score: a picture and its negative are 1.6 / 2 apart."""
    domains = toy_domains(paired=True)
    exported, rows = measured("pix2pix", domains)
    assert list(rows) == ["translate", "translate, drs", "translate, untranslated", "translate, real"]
    for name in list(rows)[:3]:
        assert rows[name].keys() == DISTANCE | PAIRED
    assert rows["translate, real"].keys() == DISTANCE
    a, b = (domain.samples.astype(float) for domain in domains.test)
    assert rows["translate, untranslated"]["l1_20"] == pytest.approx(np.abs(a - b).mean() / 255, abs=1e-6)
    translated = exported.translate("translate", a.astype(np.float32) / np.float32(127.5) - 1)
    pixels = np.round((translated + 1) * 127.5)
    assert rows["translate"]["l1_20"] == pytest.approx(np.abs(pixels - b).mean() / 255, abs=1e-3)
    assert rows["translate, drs"]["l1_20"] != rows["translate"]["l1_20"]
    assert "translate, untranslated" in translation.describe(rows)


def test_both_ways_are_measured_with_the_ways_back(measured):
    """Unpaired: distances, and of a generator and its inverse the cycle; errors are the exports' own."""
    domains = toy_domains()
    exported, rows = measured("cyclegan", domains)
    beside = ("", ", untranslated", ", real")
    assert list(rows) == [direction + row for direction in ("a_to_b", "b_to_a") for row in beside]
    for direction in ("a_to_b", "b_to_a"):
        assert rows[direction].keys() == DISTANCE | {"cycle_error_20", "identity_error_20"}
        assert rows[f"{direction}, untranslated"].keys() == DISTANCE
    a, b = (domain.samples.astype(np.float32) / np.float32(127.5) - 1 for domain in domains.test)
    cycle, same = exported.translate("cycle_b", b), exported.translate("b_to_a", a)
    assert rows["b_to_a"]["cycle_error_20"] == pytest.approx(np.abs(cycle - b).mean() / 2, abs=3e-3)
    assert rows["b_to_a"]["identity_error_20"] == pytest.approx(np.abs(same - a).mean() / 2, abs=3e-3)
    untranslated, real = (rows[name]["kd_random20"] for name in ("a_to_b, untranslated", "a_to_b, real"))
    assert untranslated > 10 * abs(real)


@pytest.mark.slow
def test_of_several_domains_each_is_measured_from_all_others(measured, monkeypatch):
    """Rows for each target; a classifier tells the domains of grey levels apart: it takes real pictures for their own
    domain and untranslated ones for any but the one that was asked for."""
    monkeypatch.setitem(TranslationEvaluator.__init__.__kwdefaults__, "classifier_steps", 100)
    domains = toy_domains(count=3)
    _, rows = measured("stargan", domains)
    ways = [(f"to_{k}", f"to_{k}, untranslated", f"to_{k}, real") for k in range(3)]
    assert list(rows) == [row for way in ways for row in way]
    for way, untranslated, real in ways:
        assert rows[way].keys() >= {"domain_accuracy_40", "cycle_error_40", "identity_error_20"}
        assert rows[untranslated]["domain_accuracy_40"] < 0.1
        assert rows[real]["domain_accuracy_20"] > 0.9


def test_domains_of_another_number_are_refused_with_the_remedy(translator, domains):
    with pytest.raises(GanzooError, match=r"3 domains \(A, B, C\), but cyclegan is made for 2\.$"):
        translation.ready(translator("cyclegan"), domains(count=3), load_config("cyclegan"))
    with pytest.raises(GanzooError, match=r"2 domains \(A, B\), .* for 3\. Give .*num_domains=2, or leave"):
        translation.ready(translator("stargan"), domains(), load_config("stargan"))


@pytest.mark.parametrize(("name", "most"), [("cyclegan", 30), ("stargan", 130)])
def test_a_batch_larger_than_the_data_is_refused(translator, domains, name, most):
    """Of unpaired domains the smallest counts, of labelled ones all together."""
    data = domains(50, count=2 if name == "cyclegan" else 3)
    smaller = (data.train[0].take(np.arange(30)), *data.train[1:])
    data, config = dataclasses.replace(data, train=smaller), load_config(name)
    config.batch_size = most + 1
    with pytest.raises(GanzooError, match=f"batch size is {most + 1}, but there are {most}"):
        translation.ready(translator(name), data, config)
    config.batch_size = most
    translation.ready(translator(name), data, config)


def test_a_batch_larger_than_the_pool_of_past_fakes_is_refused_before_a_step(translator, domains):
    config = load_config("cyclegan")
    config.batch_size = 9
    with pytest.raises(GanzooError, match="a batch of 9 fakes does not fit into a pool of 8 .*pool_size=9 or more"):
        translation.ready(translator("cyclegan", pool_size=8), domains(), config)
    for pool_size in (0, 9):
        translation.ready(translator("cyclegan", pool_size=pool_size), domains(), config)


def test_ready_compiles_with_the_configs_optimizers(translator, domains):
    model, config = translator("stargan", n_critic=5), load_config("stargan")
    config.steps, config.optimizers.generator.learning_rate = 100, 0.25
    translation.ready(model, domains(count=3), config)
    rates = model.generator_optimizer, model.discriminator_optimizer
    for optimizer, step in zip(rates, (75, 375), strict=True):
        optimizer.iterations.assign(step)
    assert float(rates[0].learning_rate) == pytest.approx(0.125)
    assert float(rates[1].learning_rate) == pytest.approx(config.optimizers.discriminator.learning_rate / 2)


@pytest.mark.parametrize(
    "name, flags",
    [("cyclegan", "--input_dir pictures --out"), ("stargan", "--input_dir pictures --domain dark --out")],
)
def test_the_example_names_a_domain_where_one_must_be_asked_for(exports, name, flags):  # noqa: F811
    assert flags in translation.example(exports[name][1])


def test_sizes_are_told_for_people(domains):
    said = translation.sizes(domains(paired=True))
    assert said == "A: 40 to train and 20 to measure, B: 40 to train and 20 to measure (in pairs)"


def test_pix2pix_may_learn_from_b_to_a():
    """The key is its recipe's alone: cyclegan and stargan learn all directions anyway."""
    config = load_config("pix2pix")
    assert translation.load(config).names == ("edges", "digits")
    config.data.direction = "b_to_a"
    data = translation.load(config)
    assert data.names == ("digits", "edges")
    assert data.test[0].samples.mean() > data.test[1].samples.mean()  # an outline has less ink
    assert not [name for name in ("cyclegan", "stargan") if "direction" in load_config(name).data]


def test_cut_may_learn_from_b_to_a():
    """Its one direction, without pairs."""
    config = load_config("cut")
    names = translation.load(config).names
    config.data.direction = "b_to_a"
    assert translation.load(config).names == names[::-1]
