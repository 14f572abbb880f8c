"""The rooms of the house: who may import whom, held against every import. docs/architecture.md is this table."""

import ast

import pytest

from tests import rooms
from tests.rooms import COMMANDS, GROUND, TABLE, room_of

# Whose names of modules are not in the source: the package's table of public names, and users' own files.
OPEN = {"ganzoo": "the package's public names", "ganzoo.zoo.plugins": "users' own files"}


@pytest.fixture(scope="module")
def imports():
    return rooms.imports()


def test_every_module_is_in_a_room():
    known = {*TABLE, *GROUND, *COMMANDS, "ganzoo"}
    assert {module: room_of(module) for module in rooms.modules() if room_of(module) not in known} == {}


def test_a_room_imports_only_what_the_table_says(imports):
    """A room that may import another one may import the light modules of that one, too."""
    wrong = [
        f"{module} -> {target}"
        for module, target in imports
        if room_of(module) in TABLE and not _allowed(room_of(module), room_of(target))
    ]
    assert wrong == []


def test_the_table_allows_nothing_that_is_not_used():
    below = rooms.edges()
    unused = {name: set(room.may_import) - below[name] for name, room in TABLE.items()}
    assert {name: others for name, others in unused.items() if others} == {}


def test_the_ground_imports_the_ground_alone(imports):
    wrong = [pair for pair in imports if room_of(pair.module) in GROUND and room_of(pair.target) not in GROUND]
    assert wrong == []


def test_nothing_imports_a_command(imports):
    assert [pair for pair in imports if room_of(pair.target) in COMMANDS] == []


def test_there_is_no_circle_of_rooms():
    assert min(rooms.levels().values()) == 1  # `levels` raises where there is one


def test_there_is_no_circle_of_modules(imports):
    """The lazy imports included."""
    below = {}
    for module, target in imports:
        if "ganzoo" not in (module, target) and module != target:
            below.setdefault(module, set()).add(target)
    done = set()

    def visit(module, path):
        assert module not in path, f"a circle: {' -> '.join([*path[path.index(module) :], module])}"
        if module not in done:
            for target in below.get(module, ()):
                visit(target, [*path, module])
            done.add(module)

    for module in below:
        visit(module, [])


def test_what_goes_up_is_one_public_function(imports):
    """`model.export()` calls `ganzoo.export_model`, which is above the model: nothing else is asked of the package."""
    asking = {module for module, target in imports if target == "ganzoo"}
    assert asking == {"ganzoo.bases.generative", "ganzoo.bases.translating"}
    for module in asking:
        tree = ast.parse(rooms.modules()[module].read_text())
        uses = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_name(node.value, "ganzoo")]
        assert {use.attr for use in uses} == {"export_model"}


def test_no_import_is_hidden():
    """A module that is imported by a name made at run time is of the room that imports it, or a user's own."""
    for module, file in rooms.modules().items():
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or rooms.called(node) not in (
                "import_module",
                "__import__",
                "run_module",
            ):
                continue
            start = rooms.beginning(node.args[0])
            if module in OPEN:
                continue
            if start.startswith("zoo_configs."):
                assert room_of(module) == "zoo"
            else:
                own = ".".join(module.split(".")[:2]) + "."
                assert start.startswith(own), f"{module} imports {ast.unparse(node.args[0])}"


def test_the_page_and_its_drawing_are_of_todays_imports():
    page = rooms.PAGE.read_text()
    again = "run `python -m tests.rooms`"
    assert page == rooms.written(page), again
    assert rooms.DRAWING.read_text() == rooms.drawing(), again


def _is_name(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _allowed(room, other):
    allowed = {room, *TABLE[room].may_import, *GROUND, "ganzoo"}
    return other in allowed or other.partition(".")[0] in allowed
