"""Exports pushed to and pulled from a stand-in of the Hugging Face Hub on loopback."""

import json
import shutil

import numpy as np
import pytest

import ganzoo
from ganzoo.errors import GanzooError
from ganzoo.serving import hub as own_hub
from ganzoo.serving.exported import Exported
from tests.exports import exports  # noqa: F401 - a fixture

huggingface_hub = pytest.importorskip("huggingface_hub")

from tests.serving.hub_stand_in import TOKEN, Hub  # noqa: E402 - needs PyYAML, which comes with huggingface_hub


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The stand-in, and a client that knows no other Hub, cache or token."""
    from huggingface_hub import constants

    stand_in = Hub()
    monkeypatch.setattr(constants, "ENDPOINT", stand_in.address)
    template = f"{stand_in.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield stand_in
    stand_in.close()


@pytest.fixture
def small(tmp_path):
    """A folder that looks like an export and can be pushed in a moment."""
    version = tmp_path / "export" / "1"
    (version / "variables").mkdir(parents=True)
    (version / "assets").mkdir()
    (version / "saved_model.pb").write_bytes(bytes(range(256)) * 40)
    (version / "variables" / "variables.index").write_bytes(b"index")
    (version / "assets" / "config.json").write_text("{}")
    return version


def test_an_export_comes_back_as_it_was_pushed(hub, exports):  # noqa: F811
    """The round trip of a whole export; a second pull asks for the commit alone."""
    folder = exports["points"][1]
    address = ganzoo.push(folder, "ada/points")
    assert address == f"{hub.address}/ada/points/commit/{hub.commit('ada/points')}"
    pulled, own = Exported("hf://ada/points"), Exported(folder)
    for name in ("generate", "drs"):
        np.testing.assert_array_equal(pulled.draw(name, 8, seed=3)["samples"], own.draw(name, 8, seed=3)["samples"])
    assert pulled.config == own.config
    hub.requests.clear()
    assert own_hub.pull("hf://ada/points") == pulled.path
    assert hub.requests == ["GET /api/models/ada/points/revision/main"]


def test_a_run_is_pushed_by_its_newest_version_and_replaces_what_lay_there(hub, small, tmp_path):
    (small / "assets" / "old.txt").write_text("old")
    ganzoo.push(tmp_path, "ada/digits")
    newer = shutil.copytree(small, small.with_name("2"))
    (newer / "assets" / "old.txt").unlink()
    (newer / "saved_model.pb").write_bytes(b"new")
    hub.repositories["ada/digits"]["LICENSE"] = b"mine"
    ganzoo.push(tmp_path, "ada/digits")
    files = hub.repositories["ada/digits"]
    assert files["saved_model.pb"] == b"new"
    assert "assets/old.txt" not in files
    assert files["LICENSE"] == b"mine"
    assert json.loads(files["checksums.json"]).keys() == files.keys() - {"checksums.json", "LICENSE"}
    assert own_hub.pull(f"hf://ada/digits@{hub.commit('ada/digits')}").name == hub.commit("ada/digits")


def test_a_download_that_breaks_off_is_said_and_goes_on_the_next_time(hub, small, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client's pauses between its tries
    ganzoo.push(small, "ada/digits")
    hub.cut = "saved_model.pb"
    with pytest.raises(
        GanzooError, match="could not download hf://ada/digits: .*Try again; what was downloaded is kept"
    ):
        own_hub.pull("hf://ada/digits")
    hub.cut = None
    assert (own_hub.pull("hf://ada/digits") / "saved_model.pb").read_bytes() == (small / "saved_model.pb").read_bytes()


def test_a_file_that_is_not_what_was_pushed_is_refused(hub, small):
    ganzoo.push(small, "ada/digits")
    files = hub.repositories["ada/digits"]
    content = files["saved_model.pb"]
    files["saved_model.pb"] = content[:-1] + b"x"
    with pytest.raises(GanzooError, match=r"saved_model.pb is not the file that was pushed .*Remove .*models--ada"):
        own_hub.pull("hf://ada/digits")
    files["saved_model.pb"] = content
    sums = json.loads(files["checksums.json"])
    for wrong, words in (
        (json.dumps(sums | {"../../x": "1"}), "has no file ../../x"),
        (json.dumps(sums | {"variables/gone": "1"}), "has no file variables/gone"),
        ("[1]", "checksums.json is no list of checksums"),
    ):
        files["checksums.json"] = wrong.encode()
        with pytest.raises(GanzooError, match=words):
            own_hub.pull("hf://ada/digits")
    del files["checksums.json"]
    with pytest.raises(GanzooError, match=r"holds no export of ganzoo: it has no checksums.json"):
        own_hub.pull("hf://ada/digits")


def test_who_may_not_push_and_what_is_not_there_is_said(hub, small, tmp_path, monkeypatch):
    for token, words in (
        ("hf_another", r"the Hub refused the token \(401\)"),
        ("", "the Hub needs a token"),
    ):
        monkeypatch.setenv("HF_TOKEN", token)
        with pytest.raises(GanzooError, match=words):
            ganzoo.push(small, "ada/digits")
    assert hub.repositories == {}
    for name in ("digits", "a/b/c", "ada/dig its", ""):
        with pytest.raises(GanzooError, match="is no repository's name: give user/name"):
            ganzoo.push(small, name, token=TOKEN)
    with pytest.raises(GanzooError, match="no export in"):
        ganzoo.push(tmp_path / "nothing", "ada/digits", token=TOKEN)
    with pytest.raises(GanzooError, match="there is no such repository, or it is private"):
        own_hub.pull("hf://ada/digits")
    ganzoo.push(small, "ada/digits", token=TOKEN)
    with pytest.raises(GanzooError, match="the repository has no such revision"):
        own_hub.pull("hf://ada/digits@v2")
    hub.failing = True
    with pytest.raises(GanzooError, match="could not download hf://ada/digits@v3: .*503"):
        own_hub.pull("hf://ada/digits@v3")
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(GanzooError, match=r"huggingface_hub: pip install 'ganzoo-tf\[hub\]'"):
        own_hub.pull("hf://ada/digits")


def test_the_card_of_every_kind_of_export_is_valid(hub, exports):  # noqa: F811
    """By the client's own reading of the header, and by the request that it makes before a push."""
    for name in ("gan", "cgan", "infogan", "points", "pix2pix"):
        card = huggingface_hub.ModelCard.load(Exported(exports[name][1]).path / "README.md")
        card.validate()
        assert card.data.library_name == "tensorflow"
        assert "saved-model" in card.data.tags
    assert hub.requests == ["POST /api/validate-yaml"] * 5
