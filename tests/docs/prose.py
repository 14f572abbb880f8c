"""Markdown as its reader sees it: the sentences, the links, the anchors."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
# Where a new thought begins: a heading, a point of a list, a quotation, a row of a table.
BLOCK = re.compile(r"\n(?=\s*(?:[-*+>|]|\d+\.|#+)\s)|\n\s*\n")
END = re.compile(r"(?<!et al)[.!?][\"')*_]*\s")


class Link(NamedTuple):
    """A link as it is written: `file#anchor`, either part of which may be empty."""

    file: str
    anchor: str


def without_code(text: str) -> str:
    """Markdown without fenced code and HTML comments."""
    return FENCE.sub("", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


def sentences(text: str) -> Iterator[str]:
    """The sentences of paragraphs, lists and headings, without code, tables and the targets of links.

    >>> [*sentences("# A b\\n\\nSee [this page](x.md). `a b c` is code!\\n\\n| a | table |")]
    ['A b', 'See this page', 'CODE is code']
    """
    text = re.sub(r"`[^`\n]+`", "CODE", without_code(text))
    text = LINK.sub(r"\1", text)
    for block in BLOCK.split(text):
        block = re.sub(r"^\s*(?:[-*+>]|\d+\.|#+)\s+", "", block.strip())
        if block.startswith("|"):
            continue
        yield from (part.rstrip(".!?") for part in END.split(f"{block} ") if part.strip())


def words(sentence: str) -> int:
    """How many words a sentence has: whatever holds a letter or a digit between two spaces."""
    return sum(any(map(str.isalnum, word)) for word in sentence.split())


def links(text: str) -> list[Link]:
    """The links to files and anchors of the same project; addresses of other hosts are left out."""
    targets = (target for _, target in LINK.findall(re.sub(r"`[^`\n]+`", "CODE", without_code(text))))
    return [Link(*target.partition("#")[::2]) for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(file: Path) -> set[str]:
    """What headings of a file can be linked to as, by the rule that GitHub and mkdocs share for plain headings.

    Letters are made small, spaces become `-`, and all other signs go.
    """
    headings = HEADING.findall(without_code(file.read_text()))
    plain = (re.sub(r"[`*]", "", LINK.sub(r"\1", heading)).lower() for heading in headings)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading).strip()) for heading in plain}
