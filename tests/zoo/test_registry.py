import subprocess
import sys

import pytest

import ganzoo
from ganzoo import models
from ganzoo.zoo.registry import in_package as recipes
from tests import processes


def test_names_match_patterns():
    assert ganzoo.list_models("wgan*") == ["wgan", "wgan_gp"]
    assert ganzoo.list_models("pix2*") == ["pix2pix"]
    assert set(ganzoo.list_models()) - set(ganzoo.list_models("*gan*")) == {"cut", "pix2pix"}


def test_every_model_has_a_recipe_and_every_recipe_a_model():
    assert ganzoo.list_models() == recipes()  # in a process without plugins


@pytest.mark.parametrize("name", ganzoo.list_models())
def test_a_models_file_registers_its_own_name(name):
    assert models.model_class(name).zoo_name == name


def test_an_unknown_name_is_answered_with_the_nearest():
    for ask in (lambda: ganzoo.create("wgan_pg", image_shape=(2,)), lambda: ganzoo.load_config("wgan_pg")):
        with pytest.raises(ganzoo.GanzooError, match="no model named 'wgan_pg'. Did you mean 'wgan_gp'"):
            ask()


def test_a_misspelt_override_is_an_error():
    with pytest.raises(TypeError, match="gradient_penality_weight"):
        ganzoo.create("wgan_gp", image_shape=(2,), gradient_penality_weight=3.0)


def test_an_unknown_network_family_is_answered_with_those_there_are():
    with pytest.raises(ganzoo.GanzooError, match="no network family 'dcgans' for gan. Did you mean 'dcgan'"):
        ganzoo.create("gan", image_shape=(28, 28, 1), network="dcgans")


def test_the_network_follows_the_shape_unless_named():
    assert len(ganzoo.create("gan", image_shape=(2,)).generator.output_shape) == 2
    pictures = ganzoo.create("gan", image_shape=(28, 28, 1), latent_categories=0)
    assert "Conv2DTranspose" in {type(layer).__name__ for layer in pictures.generator.layers}
    named = ganzoo.create("gan", image_shape=(28, 28, 1), network="mlp", latent_categories=0)
    assert "Conv2DTranspose" not in {type(layer).__name__ for layer in named.generator.layers}


def test_a_saved_model_is_loaded_in_a_process_that_has_not_made_it(tmp_path):
    """With its optimizers: the next step is taken."""
    code = """
import ganzoo, numpy as np
from tests.conftest import TINY
points = np.zeros((8, 2), "float32")
"""
    save = """
model = ganzoo.create("lsgan", image_shape=(2,), latent_dim=3, **TINY["points"])
model.compile()
model.fit(points, batch_size=8, verbose=0)
model.save("PATH")
"""
    load = """
model = ganzoo.load("PATH")
model.fit(points, batch_size=8, verbose=0)
assert (model.zoo_name, model.steps_taken) == ("lsgan", 2)
"""
    for part in (save, load):
        source = code + part.replace("PATH", str(tmp_path / "m.keras"))
        done = processes.run(code=source)
        assert done.returncode == 0, done.stderr[-2000:]


def test_another_keras_backend_is_a_clear_error():
    code = "import ganzoo; ganzoo.list_models()"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"KERAS_BACKEND": "jax"}, capture_output=True, text=True, check=False
    )
    assert "KERAS_BACKEND is 'jax'" in done.stderr


def test_the_api_is_imported_without_tensorflow():
    code = "import ganzoo, sys; ganzoo.list_models(); ganzoo.load_config('gan'); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
