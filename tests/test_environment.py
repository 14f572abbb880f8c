import os
import subprocess
import sys

import pytest
from tensorflow.python.util import _pywrap_util_port

from ganzoo import environment

ON_X86 = pytest.mark.skipif(
    environment.platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN is set on x86 alone"
)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "False True"),
        ({"TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE": "true", "TF_ENABLE_ONEDNN_OPTS": "0"}, "True False"),
    ],
)
@ON_X86
def test_tensorflow_computes_by_onednn_and_keeps_primitives_unless_the_environment_says_otherwise(given, found):
    """`import ganzoo` is enough; TensorFlow itself says whether it computes by oneDNN."""
    code = (
        "import ganzoo, os; from tensorflow.python.util import _pywrap_util_port as port; "
        "print(os.environ['TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE'] == 'true', port.IsMklEnabled())"
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_MKL", "TF_ENABLE"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited | given, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found


@ON_X86
@pytest.mark.parametrize("package", ["benchmarks", "pretrained"])
def test_the_packages_of_programs_tune_tensorflow_before_a_program_imports_it(package):
    code = (
        f"import {package}, os, sys; assert 'tensorflow' not in sys.modules; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    )
    inherited = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run([sys.executable, "-c", code], env=inherited, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@ON_X86
def test_the_tests_compute_as_users_do():
    assert _pywrap_util_port.IsMklEnabled() == (os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1")


def test_the_folder_is_where_the_user_says_or_else_with_his_other_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "own"))
    assert environment.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("GANZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment.cache_folder() == tmp_path / "ganzoo"


def test_the_peak_of_memory_holds_what_was_needed_once():
    """64 MB for a moment, all of them written to."""
    before = environment.peak_memory_mb()
    size = int(1e6 * (64 + before))
    assert len(bytearray(b"x" * 1000) * (size // 1000)) > 0
    assert environment.peak_memory_mb() >= before + 60


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ("model name\t: a\nflags\t\t: fpu avx2 avx512_bf16 sse\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("flags\t\t: fpu avx avx2\nbugs\t\t: avx512_bf16\n", False),
        ("Features\t: asimd bf16\n", True),  # ARM
        ("nothing of the kind", None),
    ],
)
def test_the_processor_s_instructions_tell_whether_it_computes_bfloat16(monkeypatch, tmp_path, described, expected):
    (tmp_path / "cpuinfo").write_text(described)
    monkeypatch.setattr(environment, "Path", lambda name: tmp_path / "cpuinfo")
    assert environment.computes_bfloat16() is expected
    assert (environment.instructions() is None) is (expected is None)
