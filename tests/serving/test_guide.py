"""The commands of export/README.md that need a server work as they stand there, on the stand-in."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.serving.connecting import connect
from ganzoo.serving.stand_in.server import StandIn

GUIDE = (Path(__file__).parents[2] / "export" / "README.md").read_text()
# The tests' exports instead of the zoo's: their latents, sides and codes are smaller.
SMALLER = (
    ("localhost:8501", "$REST"),
    (" 28 28 ", " 16 16 "),
    (" 32 32 ", " 16 16 "),
    ("rows 2 128", "rows 2 3"),
    ("rows 2 16)", "rows 2 3)"),
)


@pytest.fixture(scope="module")
def server(exports):
    served = {"wgan_gp" if name == "gan" else name: folder for name, (_, folder) in exports.items()}
    with StandIn(served) as serving:
        yield serving


@pytest.fixture(scope="module")
def curl_lines():
    """The functions and the lines that use them."""
    (block,) = [block for block in re.findall(r"```bash\n(.*?)```", GUIDE, re.S) if block.startswith("ask() {")]
    for theirs, ours in SMALLER:
        block = block.replace(theirs, ours)
    lines = [line for line in block.splitlines() if line]
    return lines[:3], lines[3:]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_curl_line_is_answered(server, exports, curl_lines, tmp_path):
    functions, lines = curl_lines
    with connect(server.grpc_address, "infogan") as connection:
        codes = connection.signature("generate_from_codes").inputs["continuous"].shape[1]
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "picture.png")
    environment = os.environ | {"REST": server.rest_address}
    asked = set()
    for line in lines:
        line = line.replace("rows 2 2)", f"rows 2 {codes})")
        program = "\n".join([*functions, line])
        done = subprocess.run(
            ["bash", "-c", program], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60
        )
        answer = json.loads(done.stdout)
        assert "error" not in answer, f"{line}: {answer['error']}"
    asked = {(model, signature) for model, signature in server.servables.predictions}
    assert len(asked) == len(lines) - 2


def test_the_script_of_a_page_gets_pictures(server, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("needs node")
    (script,) = re.findall(r"```js\n(.*?)```", GUIDE, re.S)
    script = script.replace("localhost:8501", server.rest_address)
    program = tmp_path / "page.mjs"
    program.write_text(script + "console.log(JSON.stringify(await digits(3, 1)));")
    done = subprocess.run(["node", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    sources = json.loads(done.stdout)
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)


def test_the_table_names_every_signature(server, exports):
    """Those of `cyclegan` and its like that differ by `_png` or direction share a row."""
    table = GUIDE.partition("## Signatures")[2].partition("### By curl")[0]
    for name in ("wgan_gp", "cgan", "infogan", "stylegan2", "pix2pix", "stargan", "cyclegan", "cut"):
        with connect(server.grpc_address, name) as connection:
            for signature in connection.signatures():
                shared = re.sub("^(b_to_a|cycle_a|cycle_b)_png$", "a_to_b_png", signature)
                assert f"`{shared}`" in table
