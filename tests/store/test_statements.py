"""Every statement of the program that can be read from its text is one for PostgreSQL too (docs/migrations.md).

Those that are put together only when they run are not seen here, but by the tests that run on both.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

import fadjma

if TYPE_CHECKING:
    from clusters import Cluster

HOUSE = Path(fadjma.__file__).parent
_WAYS = {"execute", "execute_many", "send", "all", "ask", "each", "first", "value"}  # of a Transaction
# Not the store's, which alone speaks to SQLite in SQLite's own words; nor those about tables that are made for a while.
_NOT_READ = ("store/", "demo/copies.py")
# Integers that PostgreSQL does not know for such by their place: they come to it as what they are.
_NUMBERS = {"now", "latest", "unused"}
# What each type of Python's is sent as (store/postgresql/connections.py), and what PostgreSQL may ask for in its place.
_COMES_AS = {
    "text": "text",
    "bigint": "bigint",
    "integer": "bigint",
    "numeric": "numeric",
    "double precision": "double precision",
    "bytea": "bytea",
}
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([a-z]\w*)|\?")
_FEW = ast.parse("'(:id0, :id1)'", mode="eval").body  # what `given` makes of two
_TYPES = "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'tried'"


class _UnreadError(Exception):
    """What stands there is known only when the program runs."""


def test_all_that_can_be_read_are_understood(cluster: "Cluster", migrated: str) -> None:
    found, unread = _statements()
    assert unread < len(found) / 4, f"{unread} of {unread + len(found)} calls can no longer be read"
    wrong = []
    with cluster.connect(cluster.create(migrated)) as connection:
        for sql, where in found.items():
            if refusal := _refusal(connection, sql):
                wrong.append(f"{where}: {refusal}")
    assert not wrong, "\n".join(wrong)


def test_what_postgresql_does_not_understand_is_noticed(cluster: "Cluster", migrated: str) -> None:
    with cluster.connect(cluster.create(migrated)) as connection:
        for sql, why in {
            "SELECT 1 FROM users WHERE :role IS NULL OR role = :role": "could not determine data type",
            "INSERT OR IGNORE INTO settings VALUES (:key, ?)": "syntax error",
            "SELECT id, max(version) FROM users": "must appear in the GROUP BY clause",
            "SELECT sum(version = 1) FROM users": "function sum(boolean) does not exist",
            "SELECT 1 FROM users WHERE (phone IS NULL) = :without": "a parameter is to be boolean",
            "SELECT substr(phone, :first) FROM users": "function substr(text, bigint) does not exist",
            "SELECT 1 FROM users WHERE version = '1a'": "invalid input syntax for type bigint",
        }.items():
            assert why in _refusal(connection, sql)


def _refusal(connection: psycopg.Connection[Any], sql: str) -> str:
    """What PostgreSQL has against this statement, in one line; empty: nothing."""
    text, types = _numbered(sql)
    try:
        for _ in range(2):  # and once more with what a parameter then comes as
            of = f" ({', '.join(types)})" if types else ""
            connection.execute(f"PREPARE tried{of} AS {text}")
            row = connection.execute(_TYPES).fetchone()
            connection.execute("DEALLOCATE tried")
            types = [_COMES_AS.get(kind, kind) for kind in (row or [[]])[0]]
            if strange := [kind for kind in types if kind not in _COMES_AS.values()]:
                return f"a parameter is to be {strange[0]}: {' '.join(sql.split())}"
    except psycopg.Error as error:
        return f"{error.diag.message_primary}: {' '.join(sql.split())}"
    return ""


def _numbered(sql: str) -> tuple[str, list[str]]:
    """The statement with its parameters as PostgreSQL has them, $1 and $2 for `:name` and `?`, and their types."""
    numbers: dict[object, int] = {}

    def number(match: re.Match[str]) -> str:
        if match[0].startswith("'"):
            return match[0]
        return f"${numbers.setdefault(match[1] or match.start(), len(numbers) + 1)}"

    text = _PARAMETER.sub(number, sql)
    return text, ["bigint" if name in _NUMBERS else "unknown" for name in numbers]


def _statements() -> tuple[dict[str, str], int]:
    """Each statement with where it stands; and how many calls could not be read."""
    found: dict[str, str] = {}
    unread = 0
    for path in sorted(HOUSE.rglob("*.py")):
        within = path.relative_to(HOUSE)
        if within.as_posix().startswith(_NOT_READ):
            continue
        module = vars(importlib.import_module(".".join(["fadjma", *within.with_suffix("").parts])))
        for sql, names in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            try:
                found.setdefault(_text(sql, module, names), f"{within}:{sql.lineno}")
            except _UnreadError:
                unread += 1
    return found, unread


def _calls(tree: ast.Module) -> Iterator[tuple[ast.expr, dict[str, ast.expr | None]]]:
    """The SQL of each call on a transaction, and what the names of its function stand for; None: that varies."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            names = _names(function)
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in _WAYS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "tx"
                ):
                    yield node.args[0], names


def _names(function: ast.FunctionDef) -> dict[str, ast.expr | None]:
    names: dict[str, ast.expr | None] = {
        node.arg: None for node in ast.walk(function.args) if isinstance(node, ast.arg)
    }
    assigned: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Call) and ast.unparse(value.func) == "given":
            target, value = target.elts[0], _FEW
        if isinstance(target, ast.Name):
            names[target.id] = None if target.id in assigned else value
            assigned.add(target.id)
    return names


def _text(sql: ast.expr, module: dict[str, Any], names: dict[str, ast.expr | None]) -> str:
    """What this expression is worth, with the module's constants. Raises _UnreadError."""
    local = {}
    for node in ast.walk(sql):
        if isinstance(node, ast.Name) and node.id in names:
            value = names[node.id]
            if value is None:
                raise _UnreadError
            local[node.id] = _text(value, module, {**names, node.id: None})
    try:
        found = eval(compile(ast.Expression(sql), "<sql>", "eval"), module, local)
    except Exception as error:
        raise _UnreadError from error
    if not isinstance(found, str):
        raise _UnreadError
    return found
