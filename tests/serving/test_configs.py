import os
import subprocess
import sys

from tests.serving.test_serving_configs import SERVING


def write(out):
    command = [sys.executable, "-m", "ganzoo.serving.configs", f"--out={out}"]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_config_file_is_written_as_it_is_in_the_package(tmp_path):
    done = write(tmp_path / "serving")
    assert done.returncode == 0, done.stderr
    written = {file.name: file.read_bytes() for file in (tmp_path / "serving").iterdir()}
    assert written == {file.name: file.read_bytes() for file in SERVING.iterdir()}
    assert len(written) == 9
    assert os.access(tmp_path / "serving" / "health_check.sh", os.X_OK)


def test_an_edited_file_is_not_written_over(tmp_path):
    assert write(tmp_path).returncode == 0
    (tmp_path / "models.config").write_text("mine")
    done = write(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "models.config is there and differs" in done.stderr
    assert (tmp_path / "models.config").read_text() == "mine"
