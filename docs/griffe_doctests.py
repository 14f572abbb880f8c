"""Shows the examples (`>>>`) of docstrings as code, wherever they stand: Markdown would take them for quotations."""

import re

import griffe

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n\1(?=\S).*)*", re.MULTILINE)


class FencedExamples(griffe.Extension):
    """Puts fences around each example."""

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(r"\1```pycon\n\g<0>\n\1```", obj.docstring.value)
