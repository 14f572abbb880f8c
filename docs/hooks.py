"""Makes pages of files outside this folder, and links that work in the repository as on the site."""

import os
import re
from pathlib import Path

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {  # files of the repository that are pages, too
    "README.md": "index.md",
    "export/README.md": "serving.md",
    "RESULTS.md": "results.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
FILES = {page: file for file, page in PAGES.items()}
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?P<is_picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config) -> Files:
    """Adds the pages whose text lies outside this folder."""
    for file, page in PAGES.items():
        if (ROOT / file).exists():
            files.append(File.generated(config, page, content=(ROOT / file).read_text()))
    return files


def on_page_markdown(markdown: str, page, config, files: Files) -> str:
    """Turns links between files of the repository into links between pages."""
    address = page.file.src_uri
    pieces = CODE.split(markdown)
    pieces[::2] = [LINK.sub(lambda link: _link(link, address), text) for text in pieces[::2]]
    return "".join(pieces)


def _link(link: re.Match, address: str) -> str:
    """A link as the page at an address needs it; of a link to a file that is no page, only the text."""
    folder = os.path.dirname(FILES.get(address, f"docs/{address}"))
    file = os.path.normpath(os.path.join(folder, link["target"]))
    target = PAGES.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else None)
    if target is None:
        return link["text"] if (ROOT / file).exists() else link[0]
    target = os.path.relpath(target, os.path.dirname(address) or ".")
    return f"{link['is_picture']}[{link['text']}]({target}{link['anchor'] or ''})"
