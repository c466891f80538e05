"""Copies of a database that is in PostgreSQL: its own tools make them and bring them back. Here is what is typed, each
line for the shell; `tests/keeping/test_dumped.py` types it.
"""

from pathlib import Path
from shlex import quote

from fadjma.events.inbox import ANOTHER_HISTORY
from fadjma.store.postgresql.address import name, public


def copying(address: str, papers: Path, target: Path) -> list[str]:
    """A dump into this file, while FADJMA runs; after it, beside it, the papers."""
    return [
        f"pg_dump --format=custom --file={quote(str(target))} --dbname={quote(address)}",
        f"rsync -a {_folder(papers)} {_folder(target.with_name(papers.name))}",
    ]


def restoring(address: str, papers: Path, copy: Path) -> list[str]:
    """A dump in the place of the database, which is kept under the name of `before`, and the papers back to theirs;
    FADJMA is stopped.
    """
    place = name(address)
    fresh, beside = f"{place}_restored", quote(public(address, "postgres"))
    target = quote(public(address, fresh))
    renaming = [f"--command={quote(_rename(*names))}" for names in ((place, before(address)), (fresh, place))]
    return [
        f"createdb --encoding=UTF8 --maintenance-db={beside} {quote(fresh)}",
        f"pg_restore --exit-on-error --single-transaction --dbname={target} {quote(str(copy))}",
        f"psql --dbname={target} --command={quote(ANOTHER_HISTORY)}",
        f"psql --dbname={beside} {' '.join(renaming)}",
        f"rsync -a {_folder(copy.with_name(papers.name))} {_folder(papers)}",
    ]


def before(address: str) -> str:
    """What the database is called in whose place one was restored."""
    return f"{name(address)}_before"


def _rename(one: str, other: str) -> str:
    one, other = ('"' + name.replace('"', '""') + '"' for name in (one, other))
    return f"ALTER DATABASE {one} RENAME TO {other}"


def _folder(folder: Path) -> str:
    """What is in it, as rsync takes it."""
    return quote(f"{folder}/")
