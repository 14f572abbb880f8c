"""Sets of many samples: the same ones whoever makes which shard, also where a worker is killed in between."""

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo.errors import GanzooError, install_hint
from ganzoo.files import checksum
from ganzoo.pictures import drawing
from ganzoo.serving.batch import making, pipeline
from ganzoo.serving.batch.files import SampleSet
from ganzoo.serving.batch.generate import engine_of, planned, split_at_dashes, version_of
from ganzoo.serving.batch.making import Maker, draw_shard
from ganzoo.serving.batch.plan import ROUNDS, Plan
from tests import processes

MANY = dict(signature="drs", num_samples=395, shard_size=10, seed=7, format="tfrecord")


def plan_of(**different):
    """100 samples in shards of 30, at most 20 to a call."""
    facts = dict(model="gan", export_version="1", export_fingerprint="f", signature="drs", inputs={}, labels=None)
    return Plan(**facts | dict(seed=5, num_samples=100, shard_size=30, max_samples=20, format="tfrecord") | different)


def make(loaded, kind, out, **asked):
    """A set made in this process; its plan and its manifest."""
    exported = loaded(kind)
    sample_set = SampleSet(planned(exported, **asked), out)
    sample_set.begin()
    for shard in range(sample_set.plan.num_shards):
        Maker(sample_set, str(exported.path)).make(shard)
    return sample_set.plan, sample_set.complete(sample_set.entries(sample_set.begun()))


def examples(folder: Path) -> list[dict]:
    """Every example of a set's TFRecords, in order."""
    found = []
    for record in tf.data.TFRecordDataset(sorted(map(str, folder.glob("*.tfrecord")))).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        found.append({name: list(f.int64_list.value or f.float_list.value) for name, f in features.items()})
    return found


def command(exports, out, *flags, module="ganzoo.serving.batch.generate"):
    """The finished command line, whose bits are this process's."""
    asked = [f"--{name}={value}" for name, value in MANY.items()]
    places = [f"--export_dir={exports['gan'][1]}", f"--out={out}"]
    return processes.run(*places, *asked, *flags, module=module, optimize_graphs=True)


@pytest.fixture(scope="module")
def undisturbed(loaded, tmp_path_factory):
    """40 shards by one worker that nothing happens to: the folder and the manifest."""
    out = tmp_path_factory.mktemp("undisturbed") / "set"
    return out, make(loaded, "gan", out, **MANY)[1]


@pytest.mark.slow
def test_a_set_whose_worker_was_killed_is_completed_to_the_same_bytes(exports, undisturbed, tmp_path):
    """Of two workers, one is killed when it has made 10 of its 20. In the rerun, by one worker, what is there is left
    alone, but for one that was damaged since, and in the end every file is the undisturbed set's."""
    out, (whole, expected) = tmp_path / "set", undisturbed
    done = command(exports, out, "--direct_num_workers=2", module="tests.serving.dying_worker")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ganzoo: 30 of 40 shards are made (worker 1 by SIGKILL ended early). The same command makes the others."
    )
    assert "Traceback" not in done.stderr
    assert json.loads((out / "manifest.json").read_text())["complete"] is False
    made = sorted(out.glob("shard-*.tfrecord"))
    assert len(made) == 30

    made[0].write_bytes(made[0].read_bytes()[:-1])
    (out / ".shard-00021-of-00040.tfrecord-half").write_bytes(b"half")  # what a kill within a write leaves
    before = {path: path.stat().st_mtime_ns for path in made[1:]}
    done = command(exports, out)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("11 of 40 shards to make")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert json.loads((out / "manifest.json").read_text()) == expected
    files, expected_files = ({path.name: checksum(path) for path in folder.iterdir()} for folder in (out, whole))
    assert files == expected_files


def test_a_manifest_says_what_is_in_the_set(loaded, undisturbed):
    out, manifest = undisturbed
    exported = loaded("gan")
    assert manifest["configuration"]["export_fingerprint"] == checksum(exported.path)
    assert manifest["configuration"]["inputs"] == {"gamma_percentile": 50.0}
    assert [shard["num_samples"] for shard in manifest["shards"]] == [10] * 39 + [5]
    assert manifest["num_samples"] == 395
    assert manifest["acceptance_rate"] == pytest.approx(395 / manifest["num_proposed"], rel=1e-5)
    seeds = [tuple(seed) for shard in manifest["shards"] for seed in shard["seeds"]]
    assert len(set(seeds)) == len(seeds) == 40
    assert all(checksum(out / shard["name"]) == shard["sha256"] for shard in manifest["shards"])


def test_no_sample_comes_twice_and_each_is_the_signatures(loaded, undisturbed):
    out, manifest = undisturbed
    found = examples(out)
    assert [example["index"] for example in found] == [[index] for index in range(395)]
    assert len({tuple(example["sample"]) for example in found}) == 395
    signature = loaded("gan").signatures["drs"]
    for place in (0, 39):
        shard = manifest["shards"][place]
        draws = signature(
            num_samples=tf.constant(shard["num_samples"]),
            seed=tf.constant(shard["seeds"][0]),
            gamma_percentile=tf.constant(50.0),
        )
        rows = found[shard["first"] : shard["first"] + shard["num_samples"]]
        np.testing.assert_array_equal(
            np.float32([row["sample"] for row in rows]), draws["samples"].numpy().reshape(len(rows), -1)
        )
        np.testing.assert_array_equal(np.float32([row["log_ratio"] for row in rows])[:, 0], draws["log_ratio"])


def test_a_set_of_another_configuration_is_refused(exports, undisturbed):
    """By the command line: one line, exit code 1, and the set is as it was."""
    out, manifest = undisturbed
    done = command(exports, out, "--seed=8")
    assert done.returncode == 1
    assert done.stderr == (
        f"ganzoo: {out} holds another set: its seed is 7, this one's 8. Give another --out, or remove it.\n"
    )
    assert json.loads((out / "manifest.json").read_text()) == manifest


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(GanzooError, match="is no empty folder and holds no manifest"):
        SampleSet(plan_of(), tmp_path).begin()


def test_a_version_that_cannot_be_is_named(exports):
    folder = exports["gan"][1]
    assert version_of(folder, 1) == folder / "1"
    with pytest.raises(GanzooError, match=r"no version 9 in .*\. There are: 1\."):
        version_of(folder, 9)
    with pytest.raises(GanzooError, match="1 is one version by itself: leave --version out"):
        version_of(folder / "1", 1)


def test_a_place_in_memory_is_refused_as_no_worker_would_share_it():
    done = processes.run("--export_dir=export", "--out=memory://bucket/set", module="ganzoo.serving.batch.generate")
    assert done.returncode == 1
    assert "each worker has a memory of its own. Give a folder that all see." in done.stderr


def test_labels_are_names_of_classes_first(exports, tmp_path):
    """As for `ganzoo.sample`: the class "3" of a folder has another number."""
    export = shutil.copytree(exports["cgan"][1], tmp_path / "cgan")
    facts = export / "1" / "assets" / "config.json"
    named = {"class_names": ["3", "5", "7", *"abcdefg"]}
    facts.write_text(json.dumps(json.loads(facts.read_text()) | named))
    asked = ("--num_samples=4", "--labels=3,7", "--signature=generate", f"--out={tmp_path}/set")
    done = processes.run(f"--export_dir={export}", *asked, module="ganzoo.serving.batch.generate")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "set" / "manifest.json").read_text())["configuration"]["labels"] == [0, 2]


def test_labels_are_spread_evenly_and_go_with_their_samples(loaded, tmp_path):
    """As PNGs in a folder for each class; more than a call may ask for come in several."""
    asked = dict(num_samples=100, shard_size=50, seed=1, format="png")
    plan, manifest = make(loaded, "cgan", tmp_path, signature="drs", **asked)
    assert (plan.labels, plan.max_samples) == (list(range(10)), 40)
    assert [len(shard["seeds"]) for shard in manifest["shards"]] == [2, 2]
    files = {path.stem: path for path in tmp_path.glob("shard-*/*/*.png")}
    assert sorted(files) == [f"{index:08d}" for index in range(100)]
    of_class = [int(files[name].parent.name) for name in sorted(files)]
    assert np.bincount(of_class).tolist() == [10] * 10

    signature = loaded("cgan").signatures["drs"]
    for shard in (0, 1):
        draws = signature(
            num_samples=tf.constant(40),
            seed=tf.constant(manifest["shards"][shard]["seeds"][0]),
            gamma_percentile=tf.constant(50.0),
            labels=tf.constant(plan.labels_of(shard)[:40], tf.int64),
        )
        numbers = range(50 * shard, 50 * shard + 40)
        assert [of_class[number] for number in numbers] == draws["labels"].numpy().tolist()
        shown = np.stack([np.asarray(Image.open(files[f"{number:08d}"])) for number in numbers])
        np.testing.assert_array_equal(shown, drawing.to_uint8(draws["samples"])[..., 0])


@pytest.mark.parametrize(
    ("kind", "signature", "inputs"),
    [("points", "generate", {}), ("points", "obrs", {"budget": 3.0}), ("infogan", "mh", {"chain_length": 4})],
)
def test_any_sampling_signature_makes_a_set(loaded, tmp_path, kind, signature, inputs):
    asked = dict(signature=signature, num_samples=25, shard_size=20, seed=1, format="tfrecord", inputs=inputs)
    _, manifest = make(loaded, kind, tmp_path, **asked)
    found = examples(tmp_path)
    assert len({tuple(example["sample"]) for example in found}) == 25
    proposed = {"generate": 25, "mh": 100}.get(signature, manifest["num_proposed"])
    assert manifest["num_proposed"] == proposed
    assert 0 < manifest["acceptance_rate"] <= 1
    assert ("log_ratio" in found[0]) == (signature != "generate")


@pytest.mark.parametrize(
    ("kind", "different", "said"),
    [
        ("pix2pix", {}, "translates pictures and draws none.*ganzoo.sample --input_dir"),
        ("gan", {"signature": "dsr"}, "no signature 'dsr'.*drs"),
        ("gan", {"signature": "score"}, "does not draw samples"),
        ("gan", {"signature": "drs_png"}, "returns .*image_bytes.* for a server; draw by drs"),
        ("gan", {"labels": [1]}, "without classes: leave --labels out"),
        ("cgan", {"labels": [1, 10]}, "labels must be in 0 .. 9"),
        ("gan", {"inputs": {"budget": 2.0}}, "signature 'drs' takes no budget: leave --budget out"),
        ("gan", {"inputs": {"gamma_percentile": 101.0}}, "gamma_percentile must be in 0 .. 100"),
        ("points", {"format": "png"}, "points have no pictures"),
        ("gan", {"num_samples": 10**9, "shard_size": 1}, "more calls than one seed has streams"),
    ],
)
def test_what_an_export_cannot_give_is_said_before_anything_is_made(loaded, kind, different, said):
    with pytest.raises(GanzooError, match=said):
        planned(loaded(kind), **MANY | different)


def test_no_two_calls_share_a_seed():
    """Every call that any shard could make, in all rounds; and no other --seed has one of them."""
    plan = plan_of()
    seeds = {
        plan.seed_of(shard, call)
        for shard, call in itertools.product(range(plan.num_shards), range(plan.calls_per_shard))
    }
    assert len(seeds) == 4 * ROUNDS * 2
    other = plan_of(seed=6)
    assert other.seed_of(0, 0) not in seeds


def stingy(share):
    """A signature that accepts a share of what it is asked for, rounded down, and the requests it was sent."""
    requests = []

    def call(asked):
        requests.append(asked)
        kept = int(asked["num_samples"] * share)
        answer = dict(samples=np.full([kept, 2], len(requests), np.float32), log_ratio=np.zeros(kept, np.float32))
        answer |= dict(num_proposed=np.int32(100), acceptance_rate=np.float32(kept / 100))
        return answer | ({"labels": np.array(asked["labels"])[:kept]} if "labels" in asked else {})

    return call, requests


def test_what_a_call_falls_short_of_is_asked_for_again_with_further_seeds():
    """A shard of 30, 20 to a call: 20 and 10 asked for, 18 and 9 given; then 3, 2 given; then 1, none given."""
    call, requests = stingy(0.9)
    with pytest.raises(GanzooError, match=r"ran out in each of 10 rounds, and 1 of 30 samples are lacking"):
        draw_shard(plan_of(), 0, call)
    assert [request["num_samples"] for request in requests] == [20, 10, 3, *[1] * 8]
    seeds = [request["seed"] for request in requests]
    assert len(set(seeds)) == len(seeds) == ROUNDS + 1

    answers = iter([0.5, 0.5, 1.0])
    rows, facts = draw_shard(plan_of(), 1, lambda asked: stingy(next(answers))[0](asked))
    assert rows["sample"].shape == (30, 2)
    assert facts == {"num_proposed": 300, "acceptance_rate": pytest.approx(0.1), "seeds": [(5, 20), (5, 21), (5, 22)]}


def test_labels_that_got_no_sample_are_the_ones_asked_for_again():
    answers = iter([0.5, 1.0, 1.0])
    asked = []

    def call(request):
        asked.append(request["labels"])
        return stingy(next(answers))[0](request)

    rows, _ = draw_shard(plan_of(labels=[0, 1, 2]), 0, call)
    assert asked[0] == [0, 1, 2] * 6 + [0, 1]
    assert sorted(asked[2]) == sorted(([0, 1, 2] * 6 + [0, 1])[10:])
    assert np.bincount(rows["label"]).tolist() == [10, 10, 10]


def test_a_shard_that_cannot_be_made_does_not_stop_the_others(loaded, tmp_path, monkeypatch):
    whole = making.draw_shard

    def fail_once(plan, shard, call):
        if shard == 1:
            raise GanzooError("nothing was accepted")
        return whole(plan, shard, call)

    monkeypatch.setattr(making, "draw_shard", fail_once)
    exported = loaded("points")
    sample_set = SampleSet(planned(exported, **MANY | {"num_samples": 30}), tmp_path)
    sample_set.begin()
    pipeline.run(Maker(sample_set, str(exported.path)), range(3))
    assert set(sample_set.entries(range(3))) == {0, 2}
    assert sample_set.failures(range(3)) == {1: "nothing was accepted"}


def test_a_broken_entry_is_a_missing_shard(tmp_path):
    sample_set = SampleSet(plan_of(), tmp_path / "set")
    sample_set.begin()
    for shard in range(4):
        sample_set.write(shard, {"sample": np.zeros([sample_set.plan.size(shard), 2], np.float32)}, {"seeds": []})
    assert set(sample_set.entries(range(4))) == {0, 1, 2, 3}
    entry = tmp_path / "set" / "shard-00002-of-00004.json"
    entry.write_text(entry.read_text()[:20])
    assert set(sample_set.entries(range(4))) == {0, 1, 3}
    assert sample_set.begun() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "engine, module, package, flags",
    [("beam", "apache_beam", "apache-beam", []), ("dask", "distributed", "distributed", ["--scheduler=tcp://a:1"])],
)
def test_without_an_engines_packages_its_extra_is_named(tmp_path, engine, module, package, flags):
    code = f"import sys, runpy; sys.modules['{module}'] = None; sys.argv[0] = 'batch_generate'; "
    code += "runpy.run_module('ganzoo.serving.batch.generate', run_name='__main__', alter_sys=True)"
    flags += ["--engine", engine, "--export_dir", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", code, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"ganzoo: {package} is not installed: {install_hint(engine)}.\n"


def test_what_stands_behind_dashes_is_beams():
    assert split_at_dashes(["a", "--seed=1", "--", "--x"]) == (["a", "--seed=1"], ["--x"])
    assert split_at_dashes(["a"]) == (["a"], [])


@pytest.mark.parametrize(
    "named, given, engine",
    [
        (None, [], "local"),
        (None, ["scheduler"], "dask"),
        (None, ["runner"], "beam"),
        ("dask", ["scheduler"], "dask"),
        ("beam", [], "beam"),
    ],
)
def test_a_flag_of_an_engine_chooses_it(named, given, engine):
    assert engine_of(named, given) == engine


@pytest.mark.parametrize(
    "named, given", [("local", ["scheduler"]), ("beam", ["scheduler"]), (None, ["scheduler", "runner"])]
)
def test_flags_of_two_engines_are_refused(named, given):
    with pytest.raises(GanzooError, match="is of the engine (dask|beam), not of (local|beam|dask)"):
        engine_of(named, given)
