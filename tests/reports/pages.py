"""A page as an HTML parser reads it."""

from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib

NAMESPACE = "{http://www.w3.org/1999/xhtml}"


class Page:
    """A parsed page; a page that is no valid HTML raises."""

    def __init__(self, path: Path):
        self.text = path.read_text()
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root = parser.parse(self.text)

    def all(self, tag: str) -> list[Element]:
        return list(self.root.iter(tag))

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
    yield element.text or ""
    for child in element:
        yield from _texts(child)
    yield element.tail or ""
