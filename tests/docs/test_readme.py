"""The README's program and its five lines run as they stand there, on narrow networks and with few steps."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo_configs import common

README = (Path(__file__).parents[2] / "README.md").read_text()
PROGRAM, FIVE_LINES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder the program ran in, and its variables."""
    folder = tmp_path_factory.mktemp("readme")
    get_config = common.get_config

    def small(kind):
        config = get_config(kind)
        for network in config.networks.dcgan.values():
            network.width = 4
        config.ratio.refit.steps = 3
        config.sampling.burn_in = 512
        return config

    program, count = re.subn(r"epochs=100\b", "epochs=1", PROGRAM)
    assert count == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(common, "get_config", small)
        variables = {}
        exec(program, variables)
    return folder, variables


@pytest.mark.slow
def test_the_program_trains_samples_and_exports(ran):
    folder, variables = ran
    assert variables["model"].steps_taken == 13  # of 320 digits each, and 160 in the last
    assert variables["pictures"].shape == (16, 28, 28, 1)
    assert np.abs(variables["pictures"]).max() <= 1.0
    assert (folder / "exports" / "digits" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
def test_the_export_is_drawn_from_by_tensorflow_alone(ran):
    folder, _ = ran
    alone = "import sys\nsys.modules.update(keras=None, ganzoo=None)\n"
    done = subprocess.run(
        [sys.executable, "-c", alone + FIVE_LINES], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("(64, 28, 28, 1) 0.")


def test_the_program_has_about_ten_lines_and_the_export_five():
    assert len([line for line in PROGRAM.splitlines() if line]) <= 11
    assert len([line for line in FIVE_LINES.splitlines() if line]) == 5
