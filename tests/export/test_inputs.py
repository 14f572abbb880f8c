"""The table of inputs: what it says is what signatures, flags and clients have."""

import json
import subprocess
import sys

import numpy as np
import pytest

from ganzoo.errors import GanzooError
from ganzoo.export import inputs
from ganzoo.export.inputs import INPUTS, Input, random_rows

SPECS = {
    "num_samples": (np.dtype(np.int32), ()),
    "strength": (np.dtype(np.float32), ()),
    "times": (np.dtype(np.int32), ()),
    "sharp": (np.dtype(bool), ()),
    "centre": (np.dtype(np.float32), (2,)),
    "weights": (np.dtype(np.float32), (None,)),
    "samples": (np.dtype(np.float32), (None, 16, 16, 1)),
}


class Flags(dict):
    """As much of absl's flags as `read` asks."""

    def __init__(self, *texts):
        super().__init__(num_samples=64, seed=0)
        self.input = list(texts)


@pytest.fixture
def read(monkeypatch):
    def read_flags(*texts):
        monkeypatch.setattr(inputs.flags, "FLAGS", Flags(*texts))
        return inputs.read("mine", SPECS)

    return read_flags


def test_names_become_numbers():
    sampling = {"max_rows": 50, "max_proposals_per_sample": 20}
    latents = INPUTS["latents"].settled({**sampling, "latent_dim": 3})
    assert (latents.shape, latents.limit) == ((None, 3), 50)
    assert INPUTS["samples"].settled({**sampling, "sample_shape": (16, 16, 1)}).shape == (None, 16, 16, 1)
    budget = INPUTS["budget"].settled(sampling)
    assert (budget.at_least, budget.at_most, budget.default) == (1, 20, None)
    with pytest.raises(KeyError, match="num_classes"):
        INPUTS["labels"].settled(sampling)


def test_an_input_of_ones_own_is_told_and_read_again_through_json():
    one = Input("strength", at_least=0.5, at_most=4, default="strength", help="how much").settled({"strength": 2.0})
    assert Input(**json.loads(json.dumps(one.facts()))) == one
    rows = Input("weights", shape=(None, 2), limit=7)
    assert Input(**json.loads(json.dumps(rows.facts()))) == rows


def test_a_default_is_the_configs_or_the_inputs_own():
    config = {"sampling": {"budget": 2.5}, "own_signatures": {"mine": {"strength": {"name": "strength", "default": 3}}}}
    assert inputs.default(config, "obrs", "budget") == 2.5
    assert inputs.default(config, "mine", "strength") == 3
    assert inputs.default(config, "other", "strength") is None
    assert inputs.default(config, "mh", "chain_length") is None


@pytest.mark.parametrize(
    "one",
    [
        *(
            INPUTS[name].settled({"num_classes": 3, "num_categories": 3, "max_rows": 9})
            for name in ("labels", "uniforms")
        ),
        Input("weights", shape=(None, 2), at_least=-3.0, at_most=-2.0),
        Input("weights", shape=(None,), at_least=5.0),
        Input("places", "int64", (None, 4), at_least=2, at_most=4),
        Input("flags", "bool", (None,)),
    ],
)
def test_random_rows_are_within_bounds_and_not_all_alike(one):
    rows = random_rows(one, 6, np.random.default_rng(0))
    assert rows.shape == (6, *one.shape[1:])
    assert rows.dtype == one.dtype
    assert len(np.unique(rows)) > 1
    assert one.at_least is None or (rows >= one.at_least).all()
    assert one.at_most is None or (rows <= one.at_most).all()
    assert one.below is None or (rows < one.below).all()


def test_values_are_read_in_the_inputs_dtypes_and_shapes(read):
    values = read("strength=1.5", "times=3", "sharp=true", "centre=1, 2", "weights=1,2,3")
    assert {name: (value.dtype.name, value.tolist()) for name, value in values.items()} == {
        "strength": ("float32", 1.5),
        "times": ("int32", 3),
        "sharp": ("bool", True),
        "centre": ("float32", [1.0, 2.0]),
        "weights": ("float32", [1.0, 2.0, 3.0]),
    }


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["strength"], "--input is 'strength', expected NAME=VALUE"),
        (["strenght=1"], "takes no strenght. Did you mean 'strength'? Its inputs are centre, num_samples,"),
        (["num_samples=3"], "num_samples has a flag of its own, --num_samples"),
        (["strength=1", "strength=2"], "strength is given twice"),
        (["strength=much"], "strength is 'much', expected a number."),
        (["strength=1,2"], "strength is '1,2', expected a number."),
        (["strength="], "strength is '', expected a number."),
        (["times=1.5"], "times is '1.5', expected a whole number."),
        (["times=3000000000"], "times is 3000000000, which int32 cannot hold"),
        (["sharp=very"], "sharp is 'very', expected true or false."),
        (["centre=1"], "centre is '1', expected 2 times a number."),
        (["weights="], "weights is '', expected a number for each row."),
        (["samples=1"], "arrays and files are given in Python"),
    ],
)
def test_a_value_that_is_none_is_answered_in_words(read, texts, words):
    with pytest.raises(GanzooError) as raised:
        read(*texts)
    assert words in str(raised.value)


def test_whole_numbers_are_read_from_a_list(monkeypatch):
    class Labels(dict):
        def __getitem__(self, name):
            return type("Flag", (), {"value": dict.__getitem__(self, name)})

    for texts, numbers in ((None, None), (["3", "7"], [3, 7])):
        monkeypatch.setattr(inputs.flags, "FLAGS", Labels(labels=texts))
        assert inputs.whole_numbers("labels") == numbers
    assert inputs.whole_numbers("labels", ["3", "5", "7"]) == [0, 2]
    monkeypatch.setattr(inputs.flags, "FLAGS", Labels(labels=[]))
    with pytest.raises(GanzooError, match="--labels is empty"):
        inputs.whole_numbers("labels")
    monkeypatch.setattr(inputs.flags, "FLAGS", Labels(labels=["3", "x"]))
    with pytest.raises(GanzooError, match="--labels is 3,x, expected whole numbers such as 3,7"):
        inputs.whole_numbers("labels")


HELP = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from absl import flags
from ganzoo.export import inputs
inputs.define_flags("labels", "budget", num_samples=64, gamma_percentile=80.0)
print(flags.FLAGS.module_help(sys.modules["__main__"]))
flags.FLAGS(["test", "--budget=3", "--input=strength=2", "--input=times=1"])
print(inputs.flag_values(*inputs.OPTIONS[:2]), flags.FLAGS.num_samples, flags.FLAGS.input)
"""


def test_flags_are_the_commands_own_and_need_no_tensorflow():
    """`--help` of a command lists them; a flag without a default of the command says whose it is."""
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "--budget: of obrs: mean proposals per sample; default: the export's config (a number)" in words
    assert "--gamma_percentile: of drs: larger is stricter (default: '80.0')" in words
    assert "taken in turn; default: all of them (a comma separated list)" in words
    assert "{'gamma_percentile': 80.0, 'budget': 3.0} 64 ['strength=2', 'times=1']" in words
