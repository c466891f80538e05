"""The house: which folder of fadjma/ uses which, and that nobody can walk in a circle."""

import ast
from collections.abc import Iterator
from pathlib import Path

import fadjma

HOUSE = Path(fadjma.__file__).parent


def _room(module: str) -> str:
    """The folder of a module, or the module itself where it stands in fadjma/ directly: « fadjma.web.forms » → web."""
    return module.split(".")[1]


def _uses(module: str, source: str) -> Iterator[str]:
    """The rooms that a module's imports name, wherever in it they stand."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
            if node.module == "fadjma":  # `from fadjma import web` names a room, `from fadjma import create_app` none
                names = [f"fadjma.{alias.name}" for alias in node.names]
        else:
            assert not isinstance(node, ast.ImportFrom), f"{module} imports by dots"
            continue
        yield from (_room(name) for name in names if name.startswith("fadjma."))


def _drawn(house: dict[str, str]) -> dict[str, set[str]]:
    """Room → the other rooms that it uses, from the source of each module."""
    rooms: dict[str, set[str]] = {}
    for module, source in house.items():
        rooms.setdefault(_room(module), set()).update(_uses(module, source))
    return {room: {other for other in others if other in rooms} - {room} for room, others in rooms.items()}


def _circle(rooms: dict[str, set[str]]) -> set[str]:
    """What is left when rooms that use none of those left, or are used by none of them, are taken away one by one."""
    left = set(rooms)
    while ends := {room for room in left if not rooms[room] & left or not any(room in rooms[other] for other in left)}:
        left -= ends
    return left


def _house() -> dict[str, str]:
    modules = {}
    for path in HOUSE.rglob("*.py"):
        parts = path.relative_to(HOUSE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name != "fadjma":  # what fadjma/__init__.py offers stands above the house
            modules[name] = path.read_text(encoding="utf-8")
    return modules


def test_no_two_rooms_use_each_other_in_a_circle() -> None:
    rooms = _drawn(_house())
    circle = _circle(rooms)
    assert not circle, {room: sorted(rooms[room] & circle) for room in sorted(circle)}


def test_the_drawing_is_of_the_whole_house() -> None:
    rooms = _drawn(_house())
    assert len(rooms) > 20 and {"store", "identity", "events", "web", "records", "application"} <= set(rooms)
    assert "store" in rooms["identity"] and "web" in rooms["accounts"] and "accounts" in rooms["application"]


def test_it_notices_a_circle_of_any_length_however_it_is_imported() -> None:
    house = {
        "fadjma.a": "from fadjma.b.c import d",
        "fadjma.b.c": "def f():\n    import fadjma.e.x",
        "fadjma.e.x": "from fadjma import a, i18n",
        "fadjma.i18n": "import json",
        "fadjma.top": "from fadjma.a import f",
    }
    assert _circle(_drawn(house)) == {"a", "b", "e"}
