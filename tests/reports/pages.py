"""A page as an HTML parser reads it."""

from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib

APART = (
    "td",
    "th",
    "li",
    "p",
    "small",
    "h1",
    "h2",
    "h3",
    "pre",
    "caption",
    "figcaption",
)  # whose text is no part of others


class Page:
    """A parsed page; a page that is no valid HTML raises."""

    def __init__(self, path: Path):
        self.text = path.read_text()
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root = parser.parse(self.text)

    def all(self, tag: str, within: Element | None = None) -> list[Element]:
        """The elements of a tag, of HTML or SVG, in order."""
        root = self.root if within is None else within
        return [element for element in root.iter() if str(element.tag).rpartition("}")[2] == tag]

    def said(self, element: Element | None = None) -> str:
        """The text of an element, or of the page without its style and scripts, on one line."""
        body = self.root.find("body") if element is None else element
        return " ".join("".join(_texts(body)).split())

    def section(self, name: str) -> str:
        """The text of the section under the heading of this id."""
        (section,) = (one for one in self.all("section") if one.get("aria-labelledby") == name)
        return self.said(section)


def _texts(element: Element):
    if element.tag in ("script", "style", "noscript"):
        yield element.tail or ""
        return
    yield f" {element.text or ''}" if element.tag in APART else element.text or ""
    for child in element:
        yield from _texts(child)
    yield f" {element.tail or ''}" if element.tag in APART else element.tail or ""
