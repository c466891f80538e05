"""A PostgreSQL database copied and restored by PostgreSQL's own tools, as docs/scaling.md says it."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo_database import demo_database

from fadjma.store import Database, at, copying, milliseconds
from fadjma.store.engines import whole

if TYPE_CHECKING:
    from clusters import Cluster

SCALING = Path(__file__).parents[2] / "docs/scaling.md"


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with whole(url).read() as reading:
        return {table: sorted(reading.rows(table, columns), key=repr) for table, columns in reading.tables().items()}


@pytest.fixture
def year(cluster: "Cluster", tmp_path: Path) -> str:
    """The name of a database with the demo's year."""
    (tmp_path / "year.db").write_bytes(demo_database())
    name = cluster.create()
    with whole(f"sqlite:///{tmp_path / 'year.db'}").read() as old, whole(cluster.url(name)).fill(milliseconds()) as new:
        copying.copy(old, new)
    return name


async def _opened(database: Database) -> int:
    await database.open()
    try:
        return await database.read(lambda tx: tx.value("SELECT count(*) FROM users"))
    finally:
        await database.close()


async def test_what_is_dumped_and_restored_is_the_same_row_by_row_and_is_served(cluster: "Cluster", year: str) -> None:
    commands = re.findall(r"^(createdb|pg_dump|pg_restore) (.+?)(?: +#.*)?$", SCALING.read_text("utf-8"), re.M)
    dump = [(program, said) for program, said in commands if "fadjma.dump" in said]
    assert [program for program, _ in dump] == ["pg_dump", "pg_restore"]
    restored = cluster.create()
    file = str(cluster.folder / f"{year}.dump")
    for (program, said), name in zip(dump, (year, restored), strict=True):
        words = [re.sub(r"\bfadjma$", name, word).replace("fadjma.dump", file) for word in shlex.split(said)]
        cluster.run(program, "--host", str(cluster.folder), "--username", "fadjma", *words)
    assert rows(cluster.url(restored)) == rows(cluster.url(year))
    (numbers,) = re.findall(r"`(UPDATE inboxes [^`]+)`", SCALING.read_text("utf-8"))
    with cluster.connect(restored) as connection:
        changed = connection.execute(numbers.encode()).rowcount
    assert await _opened(at(cluster.url(restored))) == changed > 0, "each has an inbox"
