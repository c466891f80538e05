"""A PostgreSQL database copied and restored by PostgreSQL's own tools, as docs/scaling.md says it."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fadjma.store import Database, at
from fadjma.store.engines import whole

if TYPE_CHECKING:
    from clusters import Cluster

SCALING = Path(__file__).parents[2] / "docs/scaling.md"


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with whole(url).read() as reading:
        return {table: sorted(reading.rows(table, columns), key=repr) for table, columns in reading.tables().items()}


async def _opened(database: Database) -> int:
    await database.open()
    try:
        return await database.read(lambda tx: tx.value("SELECT count(*) FROM users"))
    finally:
        await database.close()


async def test_what_is_dumped_and_restored_is_the_same_row_by_row_and_is_served(
    cluster: "Cluster", year_on_postgresql: str
) -> None:
    commands = re.findall(r"^(createdb|pg_dump|pg_restore) (.+?)(?: +#.*)?$", SCALING.read_text("utf-8"), re.M)
    dump = [(program, said) for program, said in commands if "fadjma.dump" in said]
    assert [program for program, _ in dump] == ["pg_dump", "pg_restore"]
    year, restored = year_on_postgresql, cluster.create()
    file = str(cluster.folder / f"{year}.dump")
    for (program, said), name in zip(dump, (year, restored), strict=True):
        words = [re.sub(r"\bfadjma$", name, word).replace("fadjma.dump", file) for word in shlex.split(said)]
        cluster.run(program, "--host", str(cluster.folder), "--username", "fadjma", *words)
    assert rows(cluster.url(restored)) == rows(cluster.url(year))
    (numbers,) = re.findall(r"`(UPDATE inboxes [^`]+)`", SCALING.read_text("utf-8"))
    with cluster.connect(restored) as connection:
        changed = connection.execute(numbers.encode()).rowcount
    assert await _opened(at(cluster.url(restored))) == changed > 0, "each has an inbox"
