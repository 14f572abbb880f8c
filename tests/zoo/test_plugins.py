"""What a user's own file adds, and what is said of one that cannot be used."""

import sys

import pytest

import ganzoo
from ganzoo.data import names
from ganzoo.errors import GanzooError
from ganzoo.networks import FAMILIES
from ganzoo.registration import Register
from ganzoo.zoo import plugins
from ganzoo.zoo.recipes import load_config, summary
from ganzoo.zoo.registry import ENTRIES, list_models
from tests import processes

REGISTERS = (ENTRIES, FAMILIES, names.SOURCES)
MODEL = '''
import ganzoo
from ganzoo.models.lsgan import LeastSquaresGAN
from zoo_configs import lsgan

def get_config(kind="images"):
    """A model of one's own."""
    return lsgan.get_config(kind)

@ganzoo.register("NAME", recipe=get_config)
class Mine(LeastSquaresGAN):
    pass
'''


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch):
    """Registers and modules are those of before, whatever a test's plugins add."""
    before = [(dict(register), dict(register._definitions)) for register in REGISTERS]
    modules = set(sys.modules)
    yield
    for register, (things, definitions) in zip(REGISTERS, before, strict=True):
        register.clear()
        register.update(things)
        register._definitions = definitions
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Writes a user's file and gives its name; the folder is the current one."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="my_file.py"):
        (tmp_path / name).write_text(text)
        return name

    return write


def refused(*names):
    with pytest.raises(GanzooError) as error:
        plugins.load(names)
    return str(error.value)


def test_a_file_adds_an_entry(plugin):
    plugins.load([plugin(MODEL.replace("NAME", "mine"))])
    assert "mine" in list_models()
    assert summary("mine") == "A model of one's own."
    assert load_config("mine", "gaussians25").to_dict() == load_config("lsgan", "gaussians25").to_dict() | {
        "name": "mine"
    }
    assert ganzoo.create("mine", image_shape=(2,)).recipe().name == "mine"


def test_so_does_a_module_by_its_name(plugin, tmp_path):
    (tmp_path / "lab").mkdir()
    plugin(MODEL.replace("NAME", "of_the_lab"), "lab/gans.py")
    plugins.load(["lab.gans"])
    assert "of_the_lab" in list_models()


def test_a_file_may_be_given_twice(plugin):
    name = plugin(MODEL.replace("NAME", "mine"))
    plugins.load([name, name])
    assert list_models("mine") == ["mine"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("x = 1\n", "my_file.py registers nothing: decorate a class with @ganzoo.register"),
        ("import ganzoo\nimport nothing_of_that_name\n", "my_file.py, line 2: ModuleNotFoundError: No module named"),
        ("import ganzoo\n\nx = ganzoo.nothing\n", "my_file.py, line 3: AttributeError: module 'ganzoo' has no"),
        ("def f(:\n", "my_file.py, line 1: invalid syntax."),
        (MODEL.replace("NAME", "gan"), "my_file.py, line 10: there is a model named 'gan' already."),
        (MODEL.replace("NAME", "a b"), "my_file.py, line 10: 'a b' is no name for a model"),
        ("import sys\nsys.exit('no')\n", "my_file.py, line 2: SystemExit: no"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(plugin, text, expected):
    before = list_models()
    said = refused(plugin(text))
    assert said.startswith(expected)
    assert "\n" not in said
    assert list_models() == before


def test_a_file_or_a_module_that_is_not_there_is_named(plugin):
    assert refused("none.py").startswith("no file 'none.py'.")
    assert refused("no_module").startswith("no module 'no_module'.")


def test_a_file_does_not_take_the_place_of_another_module(plugin):
    assert "has the name of the module 'json', which is imported already" in refused(
        plugin(MODEL.replace("NAME", "mine"), "json.py")
    )


def test_a_cell_that_runs_again_defines_its_model_anew(plugin):
    for base in ("LeastSquaresGAN", "LeastSquaresGAN"):
        scope = {"__name__": "__main__"}
        exec(MODEL.replace("NAME", "mine").replace("Mine(LeastSquaresGAN)", f"Mine({base})"), scope)
        assert ENTRIES["mine"].model is scope["Mine"]


def test_a_recipe_that_lacks_what_a_run_needs_is_named(plugin):
    text = MODEL.replace("NAME", "mine").replace(
        "return lsgan.get_config(kind)", "from zoo_configs import common\n    return common.get_config(kind)"
    )
    plugins.load([plugin(text)])
    with pytest.raises(GanzooError, match="the recipe of 'mine' lacks batch_size, steps, optimizers.generator"):
        load_config("mine")


def test_networks_of_ones_own_are_built_with_their_options(plugin):
    text = """
import keras, ganzoo

def generator(latent_dim, image_shape, *, width=8):
    return keras.Sequential([keras.Input((latent_dim,)), keras.layers.Dense(width), keras.layers.Dense(image_shape[0])])

def discriminator(image_shape, *, width=8):
    inputs = keras.Input(image_shape)
    logits = keras.layers.Dense(1)(keras.layers.Dense(width)(inputs))
    return keras.Model(inputs, keras.layers.Reshape(())(logits))

ganzoo.register_networks("small", generator=generator, discriminator=discriminator)
"""
    plugins.load([plugin(text)])
    config = load_config("gan", "gaussians25")
    assert config.networks.small.to_dict() == {"generator": {"width": 8}, "discriminator": {"width": 8}}
    model = ganzoo.create("gan", image_shape=(2,), network="small", latent_categories=0)
    assert [layer.units for layer in model.generator.layers] == [8, 2]


def test_an_option_of_networks_needs_a_default():
    def build(latent_dim, image_shape, *, width):
        pass

    with pytest.raises(GanzooError, match="build takes width without a default"):
        ganzoo.register_networks("small", generator=build, discriminator=build)


def test_a_model_is_saved_and_loaded_by_the_name_of_its_entry(plugin, tmp_path):
    """In another process, which imports the file first."""
    name = plugin(MODEL.replace("NAME", "mine"))
    code = f"""
import ganzoo, numpy as np, sys
from ganzoo.zoo import plugins
plugins.load(["{name}"])
if sys.argv[1] == "save":
    model = ganzoo.create("mine", image_shape=(2,))
    model.compile()
    model.fit(np.zeros((64, 2), "float32"), batch_size=64, verbose=0)
    model.save("m.keras")
    np.save("samples", model.sample(3))
model = ganzoo.load("m.keras")
assert (model.zoo_name, model.steps_taken) == ("mine", 1)
np.testing.assert_allclose(model.sample(3), np.load("samples.npy"), rtol=1e-6)
"""
    for action in ("save", "load"):
        done = processes.run(action, code=code, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]


def test_every_addition_is_counted():
    before = Register.additions
    ganzoo.register_data("counted")(lambda: None)
    assert Register.additions == before + 1
