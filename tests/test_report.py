"""The command `python -m ganzoo.report`."""

import pytest

from tests import processes
from tests.exports import exports  # noqa: F401 - a fixture
from tests.reports.conftest import make_run


def report(*flags, code=0):
    done = processes.run(*flags, module="ganzoo.report")
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def test_the_page_is_made_again_and_runs_are_laid_side_by_side(exports, tmp_path):  # noqa: F811
    runs = [make_run(tmp_path / f"run-{seed}", exports, seed=seed, with_curves=False) for seed in (0, 1)]
    assert report(f"--workdir={runs[0]}").startswith(f"{runs[0]}/report.html (0.")
    assert (runs[0] / "report.html").is_file()
    out = tmp_path / "pages" / "compare.html"
    assert report("--runs", *runs, "--out", out).startswith(f"{out} (0.")
    assert "2 runs compared" in out.read_text()


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ([], 1, "give --workdir RUN for the page of a run, or --runs A B C"),
        (["--workdir=a", "--runs", "b", "c"], 1, "give --workdir RUN for the page of a run, or --runs A B C"),
        (["--runs", "a", "b"], 1, "--runs needs --out"),
        (["--workdir=a", "--out=b.html"], 1, "--out is for --runs"),
        (["--workdir=nowhere"], 1, "there is no folder nowhere"),
        (["nowhere"], 2, "'nowhere' is not a flag"),
    ],
)
def test_mistakes_get_one_line_and_an_exit_code(flags, code, said):
    error = report(*flags, code=code).strip()
    assert error.splitlines()[-1].startswith("ganzoo: ")
    assert said in error
