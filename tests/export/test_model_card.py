"""The model card: the data and their licence, figures with floors, commands, and nothing of the machine."""

import json

import pytest

from ganzoo.export import model_card
from ganzoo.tasks import figures

SAMPLING = dict(gamma_percentile=80.0, max_samples=10_000, max_rows=1_024)
INPUTS = {"serving_default": ["latents"], "drs": ["num_samples", "seed", "gamma_percentile"]}
METRICS = {
    "generate": {"fd_digits10k": 5.5812, "samples_per_second": 4000.0},
    "drs": {"fd_digits10k": 4.1, "acceptance_rate": 0.4, "samples_per_second": 900.0},
    "floor": {"fd_digits10k": 0.44387},
    "log_ratio": {"dawids_z": float("nan")},
    "label_accuracy": {"drs": {"0": 0.9}},
    "features": {"name": "digits", "accuracy": 0.995},  # of a classifier, and not of the model
    "copies": {"drs": {"authentic": 0.6}},
}


def facts(dataset="mnist_5k", **more):
    config = dict(name="wgan_gp", dataset=dataset, seed=3, steps=1300)
    split = dict(sizes=dict(train=3000, ratio=1000, test=1000), sha256=dict(train="ab", ratio="cd", test="ef"))
    return dict(name="wgan_gp", sampling=SAMPLING, config=config, split=split, step=1250) | more


@pytest.fixture
def version(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/config.json").write_text(json.dumps(facts()))
    (tmp_path / "README.md").write_text(model_card.text(facts(), INPUTS))
    return tmp_path


def header_of(text):
    """The values of the header's lines, each of which is JSON behind its key."""
    lines = text.split("---\n")[1].splitlines()
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


def test_a_card_says_what_was_trained_on_what_and_how_to_use_it():
    text = model_card.text(facts(), INPUTS)
    assert header_of(text)["pipeline_tag"] == "unconditional-image-generation"
    for words in (
        "# wgan_gp on mnist_5k",
        "Licence: CC BY-SA 3.0 (MNIST",
        "| ratio | 1000 | cd |",
        "python -m ganzoo.run --model wgan_gp --dataset mnist_5k --seed 3 --steps 1300",
        "The weights are of step 1250.",
        'model.signatures["drs"](',
        "gamma_percentile=tf.constant(80.0)",
        "`max_samples` 10000, `max_rows` 1024",
        "This export was not measured.",
    ):
        assert words in text


@pytest.mark.parametrize(
    "dataset, words, hidden",
    [
        ("folder:/home/ada/photos", "`folder:photos`. Licence: not known to ganzoo", "/home"),
        ("gaussians25", "none is needed, the points are computed", "pipeline_tag"),
        ("cifar10", "see https://www.tensorflow.org/datasets/catalog/cifar10.", "MNIST"),
        ("cycle_gan/horse2zebra", "see https://www.tensorflow.org/datasets/catalog/cycle_gan.", "MNIST"),
    ],
)
def test_the_datas_licence_is_said_and_no_path_of_the_machine(dataset, words, hidden):
    text = model_card.text(facts(dataset), INPUTS)
    assert words in text
    assert hidden not in text


def test_a_model_trained_in_a_program_has_a_card_too():
    text = model_card.text(dict(name="gan", sampling=SAMPLING), {"generate": ["num_samples", "seed"]})
    assert "What it was trained on is not recorded" in text
    assert 'model.signatures["generate"](' in text
    assert "cannot reject its own bad samples" in text


def test_a_servable_of_rows_alone_has_a_card():
    """What `reexport --batchable` writes has neither `drs` nor `generate`."""
    text = model_card.text(facts(), {"serving_default": ["latents"], "score": ["samples"]})
    assert 'model.signatures["serving_default"](\n    latents=...,\n)' in text
    assert "ganzoo.sample" not in text


def test_figures_come_with_their_floor_and_take_the_place_of_earlier_ones(version):
    figures.add_to_card(version, METRICS | {"drs": {"fd_digits10k": 7.7}})
    figures.add_to_card(version, METRICS)
    text = (version / "README.md").read_text()
    assert "| metric | generate | drs | floor |\n|---|---|---|---|\n| `fd_digits10k` ↓ | 5.58 | 4.1 | 0.444 |" in text
    assert "samples_per_second" not in text
    assert "7.7" not in text
    assert "accuracy" not in text.partition("<!-- figures -->")[2].partition("<!-- end")[0]
    assert "not measured" not in text
    (model,) = header_of(text)["model-index"]
    found = [(metric["name"], metric["value"]) for metric in model["results"][0]["metrics"]]
    expected = [("fd_digits10k (generate)", 5.5812), ("fd_digits10k (drs)", 4.1), ("acceptance_rate (drs)", 0.4)]
    assert found == expected


@pytest.mark.parametrize("own", [None, "# my own card\n"])
def test_a_card_of_somebodys_own_or_none_stays(version, own):
    path = version / "README.md"
    path.unlink() if own is None else path.write_text(own)
    figures.add_to_card(version, METRICS)
    assert (path.read_text() if path.exists() else None) == own
