"""The page's modules in Node, and pages of the tiny exports that all tests share."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ganzoo.density_ratio.fitting import for_export
from ganzoo.environment import cache_folder
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.files import write_json
from ganzoo.playground import in_node, onnxruntime_web, pages
from tests.browsers import browser, open_page  # noqa: F401 - fixtures
from tests.exports import SAMPLING, TRANSLATING, TRANSLATORS, exports, loaded  # noqa: F401 - fixtures

PERCENTILES = dict(gamma_percentile=50.0, maximum_percentile=97.0)


@pytest.fixture(scope="session")
def node():
    if reason := in_node.missing():
        pytest.skip(f"no Node here: {reason}")


@pytest.fixture(scope="session")
def javascript(node, tmp_path_factory):
    """code, values -> what `export default` code gives, by JSON. The code imports the page's modules as "./NAME.js"."""
    folder = tmp_path_factory.mktemp("modules")
    shutil.copytree(pages.STATIC, folder, dirs_exist_ok=True)
    write_json(folder / "package.json", {"type": "module"})

    def run(code: str, **values):
        program = f"const values = {json.dumps(values)};\n{code}"
        done = subprocess.run(
            ["node", "--input-type=module", "-e", program], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """npm's archive of onnxruntime-web: the user's own, or downloaded for the tests."""
    own = {key: value for key, value in os.environ.items() if key != "GANZOO_CACHE"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", own)
        known = cache_folder() / onnxruntime_web.ARCHIVE
    try:
        return onnxruntime_web.archive(known if known.is_file() else None)
    except GanzooError as error:
        pytest.skip(str(error))


def servable(kind: str, model) -> saved_model.Servable:
    """What a page is written from; unlike the shared exports, its maximum is a percentile."""
    if kind in TRANSLATORS:
        domains = ["dark", "middling", "light"] if model.num_domains == 3 else ["dark", "light"]
        return saved_model.servable_translator(model, sampling=TRANSLATING, description={"domains": domains})
    return saved_model.servable(model, ratio=for_export(model, None), sampling=SAMPLING | PERCENTILES)


@pytest.fixture(scope="session")
def page(exports, archive, tmp_path_factory):  # noqa: F811
    """kind -> (the export's contents, the folder of its page, what was said), made once."""
    pytest.importorskip("tf2onnx")
    made = {}

    def of(kind: str) -> tuple[saved_model.Servable, Path, list[str]]:
        if kind not in made:
            what = servable(kind, exports[kind][0])
            folder = tmp_path_factory.mktemp("pages") / kind
            made[kind] = (what, folder, pages.write(what, exports[kind][0], folder, archive))
        return made[kind]

    return of
