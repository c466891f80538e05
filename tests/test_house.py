"""Which room of fadjma/ may know which: imports lead downwards, and never in a circle."""

import ast
import functools
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import fadjma

SOURCES = Path(fadjma.__file__).parent
# A room is a folder of fadjma/, or a file beside them. It may import what is on the floors under it, and itself.
FLOORS = (  # the lowest first
    {"days", "drawing", "sealing", "workbook", "writing"},
    {"histogram", "i18n", "ids", "rules", "short_codes"},
    {"for_another", "refusals", "sheets"},
    {"store"},
    {"chain", "config", "identity", "version"},
    {"events", "imports"},
    {"web"},
    {
        "accounts",
        "announcements",
        "audit",
        "clockwatch",
        "drafts",
        "inventory",
        "keeping",
        "linking",
        "live",
        "notifications",
        "places",
        "settings",
    },
    {"access", "monitoring"},
    {"family", "reception", "records"},
    {"papers", "safety"},
    {"prescriptions"},
    {"beginning", "fhir", "postgresql_doctor"},
    {"taking"},
    {"dashboards", "doctor", "files", "offline", "search", "setup", "timekeeping", "verifying", "wiring"},
    {"demo"},
    {"installed", "moving", "proving", "questions"},
    {"cli", "drilling", "first_page"},
    {"application"},
    {"server"},
    {"__init__"},
)
DOMAINS = {
    "access",
    "accounts",
    "announcements",
    "audit",
    "drafts",
    "family",
    "fhir",
    "inventory",
    "linking",
    "notifications",
    "papers",
    "places",
    "prescriptions",
    "reception",
    "records",
    "safety",
    "taking",
}
# What of a domain knows that it is asked over HTTP; signing in counts attempts by address.
OF_THE_WEB = {"routes", "forms", "signing_in"}

MODULES = {
    ".".join(("fadjma", *path.relative_to(SOURCES).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in SOURCES.rglob("*.py")
}


def imported(source: str, modules: set[str]) -> Iterator[str]:
    """The modules of ours that a source imports anywhere: at its head, in a function, or for its types only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from {name.name for name in node.names} & modules
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import says whose: from fadjma.room import …"
            named = {f"{node.module}.{name.name}" for name in node.names}
            yield from named & modules
            if named - modules and node.module in modules:
                yield node.module


@functools.cache
def graph() -> dict[str, set[str]]:
    return {name: set(imported(path.read_text("utf-8"), set(MODULES))) for name, path in MODULES.items()}


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def floor(module: str) -> int:
    [found] = [number for number, rooms in enumerate(FLOORS) if room(module) in rooms] or [-1]
    assert found >= 0, f"{room(module)} is on no floor: say in FLOORS what it may know"
    return found


def upward(imports: dict[str, set[str]]) -> list[str]:
    """Imports that lead up, or to another room of the same floor."""
    return [
        f"{module} knows {known}"
        for module, found in sorted(imports.items())
        for known in sorted(found)
        if room(known) != room(module) and floor(known) >= floor(module)
    ]


def test_every_import_leads_down() -> None:
    assert upward(graph()) == []


def test_every_room_is_on_one_floor() -> None:
    assert sorted(room for rooms in FLOORS for room in rooms) == sorted({room(module) for module in MODULES})


def test_no_files_import_each_other_in_a_circle() -> None:
    TopologicalSorter(graph()).prepare()  # raises CycleError, which names them


def test_of_a_domain_only_routes_and_forms_know_the_web() -> None:
    knowing = {
        module.split(".")[2]
        for module, found in graph().items()
        if room(module) in DOMAINS and any(room(known) == "web" for known in found)
    }
    assert knowing == OF_THE_WEB


@pytest.mark.parametrize(
    "source",
    [
        "import fadjma.web.forms",
        "from fadjma.web import forms",
        "from fadjma.web.forms import Form as Other",
        "def late():\n    from fadjma.web.forms import Form",
        "if TYPE_CHECKING:\n    from fadjma.web import forms",
        "try:\n    from fadjma.web import forms\nexcept ImportError: ...",
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str) -> None:
    found = {"fadjma.events.inbox": set(imported(source, set(MODULES)))}
    assert upward(found) == ["fadjma.events.inbox knows fadjma.web.forms"]


def test_rooms_of_one_floor_do_not_know_each_other() -> None:
    assert upward({"fadjma.live.hub": {"fadjma.accounts.queries", "fadjma.live.wire"}}) == [
        "fadjma.live.hub knows fadjma.accounts.queries"
    ]


def test_a_package_is_known_by_what_is_taken_from_it() -> None:
    assert set(imported("from fadjma import web, create_app", set(MODULES))) == {"fadjma.web", "fadjma"}


# Rooms whose routes say of everything that they hand on what it is.
TYPED = {
    "accounts",
    "announcements",
    "audit",
    "dashboards",
    "family",
    "files",
    "inventory",
    "linking",
    "monitoring",
    "notifications",
    "papers",
    "reception",
    "records",
    "search",
}


def test_no_argument_is_anything_at_all() -> None:
    """What WTForms calls back, without type hints of its own, is the exception."""
    untyped = {module: found for module in MODULES if room(module) in TYPED and (found := _untyped(module))}
    assert untyped == {}


def _untyped(module: str) -> list[str]:
    """The functions that take one, with its name."""
    untyped = []
    for function in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name.startswith("validate"):
            continue
        given = function.args
        found = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        any_ = [one.arg for one in found if one and one.annotation and "Any" in ast.unparse(one.annotation)]
        untyped += [f"{function.name}({name})" for name in any_]
    return untyped
