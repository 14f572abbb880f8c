"""The site builds without a warning, its links lead somewhere, and its sentences are short."""

import ast
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ganzoo
from tests.docs import prose

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "docs").glob("**/*.md"))
READ_BY_PEOPLE = ["README.md", "export/README.md", "pretrained/README.md", "CHANGELOG.md", "RESULTS.md", *PAGES]
WITHOUT_PAGE = {"tasks"}  # what the commands do, which a user does not import
MOST_LINES, MOST_WORDS = 150, 40


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_the_site_has_every_page(site):
    names = {f"{page.removeprefix('docs/').removesuffix('.md')}.html" for page in PAGES}
    names |= {"index.html", "serving.html", "results.html", "changelog.html"}  # their text lies outside docs/
    assert not {name for name in names if not (site / name).is_file()}


def test_links_of_the_readme_are_links_between_pages(site):
    home = (site / "index.html").read_text()
    assert 'href="training.html"' in home
    assert 'href="serving.html"' in home
    assert 'src="before_and_after.png"' in home
    assert "README.md" not in re.sub(r"<[^>]*>", "", home)


def test_the_reference_has_every_public_name_and_every_room(site):
    page = (site / "reference" / "ganzoo.html").read_text()
    assert not [name for name in ganzoo.__all__ if f'.{name}"' not in page]
    rooms = {module.name for module in pkgutil.iter_modules(ganzoo.__path__) if module.ispkg}
    assert rooms - WITHOUT_PAGE == {file.stem for file in (ROOT / "docs" / "reference").glob("*.md")} - {"ganzoo"}


def test_examples_in_docstrings_are_shown_as_code(site):
    """`>>>` in text is a quotation in a quotation to Markdown."""
    page = (site / "reference" / "ganzoo.html").read_text()
    assert "<blockquote>" not in page
    assert '<span class="gp">&gt;&gt;&gt; </span>' in page


def test_pages_fetch_nothing_from_other_hosts(site):
    fetched = re.compile(
        r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect)")[^>]*(?:src|href)="(?:https?:)?//'
    )
    assert not [page.name for page in site.glob("**/*.html") if fetched.search(page.read_text())]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", READ_BY_PEOPLE)
def test_links_lead_to_files_and_headings(name):
    lost = []
    for link in prose.links((ROOT / name).read_text()):
        target = (ROOT / name).parent / link.file if link.file else ROOT / name
        if not target.exists() or (link.anchor and link.anchor not in prose.anchors(target)):
            lost.append("#".join(filter(None, link)))
    assert not lost


@pytest.mark.parametrize("name", READ_BY_PEOPLE)
def test_sentences_are_short(name):
    sentences = prose.sentences((ROOT / name).read_text())
    assert not [" ".join(sentence.split()) for sentence in sentences if prose.words(sentence) > MOST_WORDS]


def test_long_sentences_are_found_whatever_is_around_them():
    """Else the test above could not fail."""
    long = "word " * MOST_WORDS
    text = f"# A heading\n\nShort. And {long}`code`.\n- a point\n- {long}[and a link](page.md).\n\n| {long} | table |\n"
    assert [prose.words(sentence) for sentence in prose.sentences(text)] == [2, 1, 42, 2, 43]


def test_messages_in_troubleshooting_are_in_the_code():
    """Each message before the section on other packages, its `...` standing for what a message fills in."""
    own = (ROOT / "docs" / "troubleshooting.md").read_text().partition("## Messages of TensorFlow")[0]
    messages = [message for row in re.findall(r"^\| (`.*?) \|", own, re.M) for message in re.findall("`(.+?)`", row)]
    assert len(messages) > 40
    said = "\n".join(text for folder in ("ganzoo", "export") for text in strings(ROOT / folder))
    assert not [message for message in messages if not re.search(pattern(message), said)]


def strings(folder: Path):
    """Every string in the code below a folder, one a line, a NUL for each value that an f-string fills in."""
    for file in folder.glob("**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                yield "".join(parts).replace("\n", " ")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value.replace("\n", " ")


def pattern(message: str) -> str:
    pieces = (re.escape(piece) for piece in message.split("..."))
    return "[^\n]*?".join(pieces)
