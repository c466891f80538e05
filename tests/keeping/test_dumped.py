"""A PostgreSQL database copied and restored by PostgreSQL's own tools, as `quart backup` and `quart restore` say it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from fadjma import create_app
from fadjma.config import Settings
from fadjma.keeping import dumps
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


def _said(url: str, papers: Path, *words: str) -> list[str]:
    """What is to be typed in the place of this command of ours."""
    app = create_app(Settings(secret_key="k" * 40, database_url=url, papers=papers))
    done = CliRunner().invoke(app.cli.commands[words[0]], list(words[1:]))
    head, *lines = done.output.splitlines()
    assert done.exit_code == 1 and "est dans PostgreSQL, dont les outils" in head and "secret" not in done.output
    return [line.removeprefix("    ") for line in lines]


async def test_what_is_dumped_and_restored_is_the_same_row_by_row_and_is_served(
    cluster: "Cluster", year_on_postgresql: str, tmp_path: Path
) -> None:
    url = cluster.url(cluster.create(template=year_on_postgresql, name="la-clinique"))
    dump, papers = cluster.folder / "year.dump", tmp_path / "fadjma.papers"
    shown = url.replace("fadjma@", "fadjma:secret@")
    copying, restoring = _said(shown, papers, "backup", str(dump)), _said(shown, papers, "restore", str(dump))
    assert copying.pop() == f"rsync -a {papers}/ {cluster.folder / papers.name}/", "which not every machine has"
    assert restoring.pop() == f"rsync -a {cluster.folder / papers.name}/ {papers}/"
    for line in (*copying, *restoring):
        cluster.run(*shlex.split(line))
    before, after = rows(cluster.url("la-clinique_before")), rows(url)
    assert before.pop("inboxes") != after.pop("inboxes") and before == after, "another history"
    assert await _opened(at(url)) == len(before["users"])


def test_the_manual_says_the_same() -> None:
    address, papers = "postgresql://fadjma@db.example.sn/fadjma", Path("/srv/fadjma/fadjma.papers")
    text = SCALING.read_text("utf-8")
    copying, restoring = (work(address, papers, Path("fadjma.dump")) for work in (dumps.copying, dumps.restoring))
    for line in (*copying, *restoring):
        assert f"\n{line}\n" in text, line
