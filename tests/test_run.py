"""The command line as a person meets it, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo import environment
from tests import processes
from tests.exports import exports  # noqa: F401 - a fixture

# A run of a few seconds: tiny networks, few steps, little to measure.
SHORT = [
    "--config.networks.mlp.generator.width=16",
    "--config.networks.mlp.discriminator.width=16",
    "--config.networks.dcgan.generator.width=4",
    "--config.networks.dcgan.discriminator.width=4",
    "--config.batch_size=16",
    "--config.steps_per_execution=1",
    "--config.ratio.refit.steps=20",
    "--config.ratio.smoothed.steps=20",
    "--config.sampling.burn_in=256",
    "--config.sampling.chain_length=5",
    "--config.evaluation.num_samples=300",
]


def from_its_start(*flags, module):
    """As a shell starts it, the imports included."""
    return subprocess.run([sys.executable, "-m", module, *flags], capture_output=True, text=True, check=False)


def run(*flags, module="ganzoo.run", code=0, process=processes.run):
    """The command's standard output; where an error is expected, its standard error."""
    done = process(*flags, module=module)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stderr if code else done.stdout


@pytest.mark.parametrize("flag", ["--help", "--list"])
def test_help_and_list_answer_at_once(flag):
    """Where the packages that take seconds to import cannot be imported at all."""
    code = (
        "import runpy, sys; sys.modules.update(dict.fromkeys(['numpy', 'tensorflow', 'keras', 'PIL']));"
        "runpy.run_module('ganzoo.run', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run([sys.executable, "-c", code, flag], capture_output=True, text=True, check=True)
    assert "wgan_gp" in done.stdout


def test_names_only_is_for_scripts():
    assert "wgan_gp" in run("--list", "--names_only").splitlines()


def test_a_dry_run_prints_what_the_flags_made_of_the_recipe():
    printed = json.loads(run("--model=wgan_gp", "--dry_run", "--steps=7", "--config.model.n_critic=3", "--data_dir=d"))
    assert (printed["steps"], printed["model"]["n_critic"], printed["data"]["data_dir"]) == (7, 3, "d")


def test_stacked_digits_are_measured_on_the_literatures_26000():
    """Unless another number is asked for; other data on 10,000."""
    flags = ["--model=r3gan", "--dry_run", "--dataset"]
    for dataset, samples in [("stacked_mnist", 26_000), ("stacked_mnist:mnist", 26_000), ("mnist", 10_000)]:
        assert json.loads(run(*flags, dataset))["evaluation"]["num_samples"] == samples
    fewer = json.loads(run(*flags, "stacked_mnist", "--config.evaluation.num_samples=300"))
    assert fewer["evaluation"]["num_samples"] == 300


def test_stacked_digits_have_latents_for_three_and_no_groups():
    """Unless another number is asked for; the recipe's are for one digit, and of about 20 kinds."""

    def numbers(*flags):
        config = json.loads(run("--model=r3gan", "--dry_run", *flags))
        return config["model"]["latent_dim"], config["model"]["latent_categories"], config["ratio"]["groups"]

    assert numbers("--dataset=stacked_mnist:mnist") == (64, 0, 0)
    assert numbers("--dataset=stacked_mnist", "--config.model.latent_dim=9", "--config.ratio.groups=5") == (9, 0, 5)
    assert numbers("--dataset=mnist") == (16, 32, 20)


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ([], 1, "which model? Give --model"),
        (["--model=wgan_pg"], 2, "Did you mean 'wgan_gp'"),
        (["wgan_gp"], 2, "'wgan_gp' is not a flag"),
        (["--config.steps=3"], 2, "--config.KEY sets a key of a model's recipe: give --model, too"),
        (["--model=gan", "--stepz=3"], 2, "Did you mean: steps"),
        (["--model=gan", "--steps=many"], 2, "--steps=many"),
        (["--model=gan", "--steps=0"], 1, "config.steps is 0, expected at least 1"),
        (["--model=gan", "--config.evaluation.num_samples=0"], 1, "num_samples is 0, expected at least 1"),
        (["--model=wgan_gp", "--config.model.n_crtic=3"], 2, "no key 'model.n_crtic'. Did you mean 'model.n_critic'"),
        (["--model=gan", "--config.ratio.refti.steps=20"], 2, "Did you mean 'ratio.refit.steps'"),
        (["--model=gan", "--config.precision=float64"], 1, "expected one of float32, mixed_bfloat16"),
        (["--model=gan", "--config.optimizers.generator.name=rmsprp"], 2, "Did you mean 'rmsprop'"),
        (["--model=wgan_gp", "--config.model.n_critic=few"], 2, "--config.model.n_critic=few"),
        (["--model=gan", "--dataset=gausians25"], 1, "Did you mean 'gaussians25'"),
        (["--model=gan", "--dataset=folder:nowhere"], 1, "nowhere"),
        (["--model=gan", "--dataset=gaussians8", "--config.batch_size=60000"], 1, "there are 50000 samples"),
        (["--model=gan", "--dataset=gaussians8", "--config.model.network=dcgan"], 1, "16 to 256 pixels"),
        (["--model=gan", "--dataset=gaussians8", "--config.model.loss=minmax"], 1, "Did you mean 'minimax'"),
        (["--model=gan", "--dataset=digits_mnist2uci"], 1, "'digits_mnist2uci' is for translators"),
        (["--model=cyclegan", "--dataset=gaussians25"], 1, "'gaussians25' has no domains to translate between"),
        (["--model=cyclegan", "--dataset=mnist_5k"], 1, "'mnist_5k' has 10 domains"),
        (["--model=cyclegan", "--dataset=digits_mnist2usps"], 1, "Did you mean 'digits_mnist2uci'"),
        (["--model=pix2pix", "--dataset=digits_mnist2uci"], 1, "has no pairs, and pix2pix learns from them"),
        (
            ["--model=stargan", "--dataset=mnist_5k", "--config.model.num_domains=4"],
            1,
            "num_domains=10, or leave",
        ),
    ],
)
def test_mistakes_get_one_line_and_an_exit_code(tmp_path, flags, code, said):
    workdir = [f"--workdir={tmp_path}/run"] if flags else []
    error = run(*flags, *workdir, code=code).strip()
    assert error.splitlines()[-1].startswith("ganzoo: ")
    assert said in error
    assert "Traceback" not in error


def test_another_keras_backend_is_refused_before_keras_is_imported():
    command = [sys.executable, "-m", "ganzoo.run", "--model=gan"]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("ganzoo: KERAS_BACKEND is 'jax'")


def test_a_workdir_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    error = run("--model=gan", "--dataset=gaussians8", f"--workdir={tmp_path}/file/run", code=1)
    assert f"ganzoo: {tmp_path}/file/run could not be written: it cannot be made in {tmp_path}/file (Not a" in error
    assert "Traceback" not in error


@pytest.mark.slow
def test_a_run_leaves_what_it_promises_and_its_export_is_sampled_and_measured(tmp_path):
    """Grids, curves, checkpoints, metrics of every sampler, an export; then `sample` and `evaluate` on it."""
    flags = ["--model=wgan_gp", f"--workdir={tmp_path}/run", "--steps=4", *SHORT]
    said = run(*flags, process=from_its_start)
    left = {path.name.split(".")[0] for path in (tmp_path / "run").glob("[!.]*")}
    kept = {
        "config",
        "checkpoints",
        "costs",
        "diversity",
        "events",
        "export",
        "metrics",
        "nearest",
        "reliability",
        "samples",
    }
    assert left == kept | {"report"}
    assert "The run is finished." in (tmp_path / "run/report.html").read_text()
    assert [p.name for p in sorted((tmp_path / "run/samples").iterdir())] == ["step_000001.png", "step_000004.png"]
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    others = {"floor", "log_ratio", "features", "copies", "standard_errors"}
    assert metrics.keys() == {"generate", "drs", "obrs", "mh"} | others
    assert metrics["copies"].keys() == {"generate", "drs", "obrs", "mh"}
    assert metrics["log_ratio"].keys() == {"dawids_z", "log_loss", "brier"}
    assert metrics["generate"]["fd_digits300"] > metrics["standard_errors"]["generate"]["fd_digits300"] > 0
    assert "tf.saved_model.load" in said
    assert "tensorflow_model_server" in said

    assert "fitting" not in run(*flags), "a finished run is not measured again"
    error = run("--model=wgan", f"--workdir={tmp_path}/run", *SHORT, code=1)
    assert "holds a run of 'wgan_gp'" in error

    export = f"--export_dir={tmp_path}/run/export"
    run(export, "--num_samples=9", f"--out={tmp_path}/grid.png", module="ganzoo.sample")
    assert Image.open(tmp_path / "grid.png").size == (88, 88)
    run(export, "--num_samples=9", f"--out={tmp_path}/a.npz", "--sampler=generate", module="ganzoo.sample")
    assert np.load(tmp_path / "a.npz")["samples"].shape == (9, 28, 28, 1)
    run(export, "--num_samples=3", f"--out={tmp_path}/pictures", module="ganzoo.sample")
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3
    assert "num_samples is 0" in run(export, "--num_samples=0", module="ganzoo.sample", code=1)
    run(export, "--num_samples=300", f"--out={tmp_path}/again.json", module="ganzoo.evaluate")
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["generate"]["fd_digits300"] == pytest.approx(metrics["generate"]["fd_digits300"], rel=1e-3)


# Two levels, 16 and 32 pixels; the second is faded in from step 10 to step 90.
GROWING = [
    *(f"--config.networks.progressive.{network}.base_resolution=16" for network in ("generator", "discriminator")),
    *(f"--config.networks.progressive.{network}.max_width=4" for network in ("generator", "discriminator")),
    *(f"--config.networks.progressive.{network}.width=4" for network in ("generator", "discriminator")),
    "--config.data.image_size=32",
    "--config.model.stable_images=160",
    "--config.model.fade_images=1280",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "every", "steps"),
    [
        (["--model=wgan_gp", "--dataset=gaussians8"], 30, 300),
        (["--model=pggan", *GROWING], 20, 100),
    ],
    ids=["wgan_gp", "pggan_in_a_fade"],
)
def test_a_killed_run_ends_with_exactly_the_weights_of_an_uninterrupted_one(tmp_path, flags, every, steps):
    """`kill -9` in mid-training, the same command again; deterministic. Every variable is compared, bit for bit. Only
    the training is looked at; it is not waited for what follows."""
    flags = [*flags, f"--steps={steps}", "--config.deterministic=True", f"--config.checkpoint_every={every}", *SHORT]

    def train_to_the_end(workdir):
        command = processes.Command(*flags, f"--workdir={tmp_path}/{workdir}", module="ganzoo.run")
        checkpoints, last = tmp_path / workdir / "checkpoints", f"ckpt-{steps}"
        _wait_for(checkpoints, f"{last}.index", command)
        _wait_until(lambda: tf.train.latest_checkpoint(str(checkpoints)) == str(checkpoints / last), command)
        command.kill()
        return command

    train_to_the_end("whole")
    killed = processes.Command(*flags, f"--workdir={tmp_path}/killed", module="ganzoo.run")
    _wait_for(tmp_path / "killed/checkpoints", f"ckpt-{2 * every}.index", killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / f"killed/checkpoints/ckpt-{steps}.index").exists()
    resumed = train_to_the_end("killed")
    assert "going on from step" in resumed.communicate()[0]

    whole, resumed = (tf.train.load_checkpoint(str(tmp_path / run / "checkpoints")) for run in ("whole", "killed"))
    names = [name for name in whole.get_variable_to_shape_map() if name.endswith("VARIABLE_VALUE")]
    assert len(names) > 20
    for name in names:
        np.testing.assert_array_equal(whole.get_tensor(name), resumed.get_tensor(name), err_msg=name)


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
    flags = ["--model=gan", "--dataset=gaussians8", f"--workdir={tmp_path}/run", "--steps=1000000", *SHORT]
    started = processes.Command(*flags, module="ganzoo.run")
    _wait_for(tmp_path / "run/samples", "step_000001.png", started)
    started.send_signal(signal.SIGINT)
    said = started.communicate(timeout=60)[0]
    assert started.returncode == 130
    assert "all saved. To go on:\n  python -m ganzoo.run --model=gan" in said
    step = said.split("stopped at step ")[1].split()[0]
    assert (tmp_path / f"run/checkpoints/ckpt-{step}.index").exists()
    assert "The run has no export or measurements yet." in (tmp_path / "run/report.html").read_text()


@pytest.mark.slow
def test_a_folder_of_ones_own_pictures_trains(tmp_path):
    """PNG and JPEG of several sizes, one grey, one RGBA, one broken: the broken one is named, the run ends well."""
    pictures, rng = tmp_path / "photos", np.random.default_rng(0)
    pictures.mkdir()
    for index in range(40):
        size = (*rng.integers(20, 60, 2), {0: 1, 1: 4}.get(index, 3))
        image = Image.fromarray(rng.integers(0, 256, size, np.uint8).squeeze())
        image.save(pictures / f"{index}.{'png' if index % 2 or index == 0 else 'jpg'}")
    (pictures / "broken.jpg").write_bytes(b"not a picture")
    flags = ["--model=gan", f"--dataset=folder:{pictures}", f"--workdir={tmp_path}/run", "--steps=2", *SHORT]
    done = processes.run(*flags, module="ganzoo.run")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "broken.jpg" in done.stderr + done.stdout
    assert Image.open(tmp_path / "run/samples/step_000002.png").mode == "RGB"


TRANSLATOR = [
    "--config.networks.cyclegan.generator.width=4",
    "--config.networks.cyclegan.generator.blocks=1",
    "--config.networks.cyclegan.discriminator.width=4",
    "--config.data.image_size=32",
    "--config.batch_size=2",
    "--config.model.pool_size=3",
    "--config.evaluation.num_samples=12",
]


def save_pictures(folder, count, seed):
    """Grey, RGBA and RGB, PNG and JPEG, of odd sizes of their own, and one that is none."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for index in range(count):
        size = (*rng.integers(33, 90, 2), {0: 1, 1: 4}.get(index, 3))
        image = Image.fromarray(rng.integers(0, 256, size, np.uint8).squeeze())
        image.save(folder / f"{index:02d}.{'png' if index < 3 else 'jpg'}")
    (folder / "broken.png").write_bytes(b"not a picture")


@pytest.mark.slow
def test_a_translator_of_ones_own_pictures_trains_and_translates_a_folder(tmp_path):
    """Two folders, with a file in each that is no picture: it is named, and the run ends with figures of both ways and
    of what untranslated pictures score. `sample` then writes a PNG of each readable picture's name; what a person gets
    wrong is told in a line."""
    for seed, domain in enumerate("AB"):
        save_pictures(tmp_path / f"photos/train{domain}", 30, seed)
    workdir = f"--workdir={tmp_path}/run"
    flags = ["--model=cyclegan", f"--dataset=folder:{tmp_path}/photos", workdir, "--steps=4", *TRANSLATOR]
    done = processes.run(*flags, module="ganzoo.run")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert (
        f"read 60 pictures in '{tmp_path}/photos' (trainA: 30, trainB: 30); left out 2: 2 not readable" in done.stderr
    )
    files = {"taken": {"trainA": 30, "trainB": 30}, "left_out": {"not readable": 2}}
    assert json.loads((tmp_path / "run/config.json").read_text())["files"] == files
    assert "A: 24 to train and 6 to measure, B: 24 to train and 6 to measure (unpaired)" in done.stdout
    assert "--input_dir" in done.stdout
    assert Image.open(tmp_path / "run/samples/step_000004.png").mode == "RGB"
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["b_to_a"].keys() == {"kd_random6", "cycle_error_6", "identity_error_6"}
    assert metrics["b_to_a, untranslated"].keys() == metrics["b_to_a, real"].keys() == {"kd_random6"}
    assert "measuring" not in run(*flags), "a finished run is not measured again"

    save_pictures(tmp_path / "mine/deeper", 5, seed=9)
    export = f"--export_dir={tmp_path}/run/export"
    asked = [export, f"--input_dir={tmp_path}/mine"]
    out = f"--out={tmp_path}/translated"
    assert "5 pictures by b_to_a" in run(*asked, "--signature=b_to_a", out, module="ganzoo.sample")
    found = sorted(path for path in (tmp_path / "translated").rglob("*") if path.is_file())
    assert [str(path.relative_to(tmp_path / "translated")) for path in found] == [
        f"deeper/{index:02d}.png" for index in range(5)
    ]
    for path in found:  # their own sizes of 33 to 89 pixels, to the nearest multiples of 4
        own = Image.open(next((tmp_path / "mine/deeper").glob(f"{path.stem}.*"))).size
        assert np.abs(np.subtract(Image.open(path).size, own)).max() <= 2
    run(*asked, "--signature=b_to_a", "--size=32", f"--out={tmp_path}/squares", module="ganzoo.sample")
    assert {Image.open(path).size for path in (tmp_path / "squares/deeper").iterdir()} == {(32, 32)}
    for mistake, said in (
        ([*asked, "--signature=b_to_c", out], "no signature 'b_to_c'"),
        ([*asked, "--signature=score_png", out], "no signature 'score_png'"),
        ([*asked, f"--out={tmp_path}/mine"], "whose pictures would be overwritten: it is --input_dir"),
        ([*asked, "--size=-1", out], "--size is -1, expected at least 1"),
        ([*asked, "--domain=C", out], "no domain 'C'. There are: A, B"),
        ([*asked, "--domain=A", out], "'a_to_b' knows no domains"),
        ([*asked, f"--out={tmp_path}/translated.png"], "give the folder"),
        ([export, f"--input_dir={tmp_path}/nowhere", out], "no folder"),
        ([export, "--num_samples=3", out], "give the folder they are in by --input_dir"),
    ):
        assert one_line(run(*mistake, module="ganzoo.sample", code=1), said)

    again = f"--out={tmp_path}/again.json"
    run(export, again, module="ganzoo.evaluate")
    measured = json.loads((tmp_path / "again.json").read_text())
    assert measured["b_to_a"]["cycle_error_6"] == pytest.approx(metrics["b_to_a"]["cycle_error_6"], rel=1e-4)


@pytest.mark.slow
def test_a_folder_cannot_be_translated_by_a_model_that_samples(exports, tmp_path):  # noqa: F811
    flags = [f"--export_dir={exports['gan'][1]}", f"--input_dir={tmp_path}", f"--out={tmp_path}/out"]
    assert one_line(run(*flags, module="ganzoo.sample", code=1), "leave --input_dir out")


@pytest.mark.slow
def test_a_folder_is_translated_to_the_domain_that_is_named(exports, tmp_path):  # noqa: F811
    """By an export of stargan; without a domain the names that there are are told."""
    save_pictures(tmp_path / "mine", 4, seed=0)
    flags = [
        f"--export_dir={exports['stargan'][1]}",
        f"--input_dir={tmp_path}/mine",
        f"--out={tmp_path}/out",
        "--size=16",
    ]
    assert "4 pictures by translate" in run(*flags, "--domain=light", module="ganzoo.sample")
    assert Image.open(tmp_path / "out/00.png").size == (16, 16)
    assert one_line(run(*flags, module="ganzoo.sample", code=1), "Give --domain, one of dark, middling, light")
    assert one_line(run(*flags, "--domain=lihgt", module="ganzoo.sample", code=1), "Did you mean 'light'")


def one_line(error, said):
    """Whether a person's mistake has its line, and no traceback. Files that could not be read have one of their own."""
    lines = [line for line in error.strip().splitlines() if not line.startswith(("read ", "ganzoo: resized"))]
    assert "Traceback" not in error
    assert len(lines) == 1, error
    return lines[0].startswith("ganzoo: ") and said in lines[0]


def _wait_for(folder, name, process, seconds=300):
    _wait_until(lambda: os.path.isdir(folder) and name in os.listdir(folder), process, seconds)


def _wait_until(condition, process, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended too early"
        if time.monotonic() > end:
            raise TimeoutError(f"it was waited for {seconds} seconds in vain")
        time.sleep(0.02)


def test_a_run_goes_on_with_the_split_that_it_has(tmp_path):
    """The folder's own word counts; a run of before the key was split by fifths, and a flag overrules both."""

    def split(*flags):
        return json.loads(run("--model=gan", f"--workdir={tmp_path}", "--dry_run", *flags))["data"]["split"]

    assert split() == "by_size"
    for data, expected in (({}, "fifths"), ({"split": "by_size"}, "by_size"), ({"split": "fifths"}, "fifths")):
        (tmp_path / "config.json").write_text(json.dumps({"config": {"data": data}}))
        assert split() == expected
    assert split("--config.data.split=by_size") == "by_size"


def test_a_run_goes_on_with_the_augmentation_that_it_has(tmp_path):
    """A run of before the key had none, and one of before `auto` has what it wrote down."""

    def policy(*flags):
        return json.loads(run("--model=gan", f"--workdir={tmp_path}", "--dry_run", *flags))["augment"]["policy"]

    assert policy() == "auto"
    for stored, expected in (({}, "none"), ({"augment": {"policy": "ada"}}, "ada")):
        (tmp_path / "config.json").write_text(json.dumps({"config": stored}))
        assert policy() == expected
    assert policy("--config.augment.policy=fixed") == "fixed"


def test_a_precision_left_to_the_hardware_is_written_down_and_kept(tmp_path):
    """A run that began in half precision goes on in it, whatever this machine's processor has."""

    def precision(workdir, *flags):
        run("--model=gan", "--dataset=gaussians25", "--steps=2", f"--workdir={workdir}", *SHORT, *flags)
        return json.loads((workdir / "config.json").read_text())["config"]["precision"]

    of_processor = "mixed_bfloat16" if environment.computes_bfloat16() else "float32"
    assert precision(tmp_path / "auto", "--config.precision=auto") == of_processor
    assert precision(tmp_path / "half", "--config.precision=mixed_bfloat16") == "mixed_bfloat16"
    assert precision(tmp_path / "half", "--config.precision=auto", "--steps=4") == "mixed_bfloat16"


def test_a_run_begins_with_the_networks_of_another_and_resumes_without_it(tmp_path):
    """Another path than the first is refused. Networks that do not fit leave no run behind."""
    points = [*SHORT, "--model=gan", "--dataset=gaussians25", "--config.checkpoint_every=2"]
    first, second = tmp_path / "first", tmp_path / "second"
    run(*points, "--steps=2", f"--workdir={first}")
    begun = [*points, "--seed=1", f"--workdir={second}"]

    other = "--config.networks.mlp.generator.width=8"
    said = run(*begun, "--steps=2", other, f"--init_from={first}", code=1)
    assert "no layer of the generator fits" in said
    assert not (second / "config.json").exists()

    printed = run(*begun, "--steps=2", f"--init_from={first}", "--config.model.freeze_discriminator=1")
    assert f"--init_from: the discriminator takes 4 of its 4 layers from {first}, step 2" in printed
    (first / "config.json").rename(tmp_path / "elsewhere.json")
    begun += ["--config.model.freeze_discriminator=1"]
    printed = run(*begun, "--steps=4", f"--init_from={first}")
    assert "the run has checkpoints of its own" in printed
    assert "going on from step 2" in printed
    assert "going on from step 4" in run(*begun, "--steps=6")
    said = run(*begun, "--steps=6", f"--init_from={tmp_path}", code=1)
    assert f"init_from = '{first}'" in said


def test_a_source_that_is_not_there_is_found_before_the_data(tmp_path):
    flags = [*SHORT, "--dataset=folder:/nowhere", "--init_from=/gone", f"--workdir={tmp_path}"]
    assert "--init_from is '/gone', which does not exist" in run("--model=gan", *flags, code=1)
    said = run("--model=cyclegan", "--init_from=/gone", f"--workdir={tmp_path}", code=1)
    assert "for models that sample from latents; 'cyclegan' translates" in said
