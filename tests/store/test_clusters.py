"""The private PostgreSQL of the tests (tests/clusters.py)."""

import os
from pathlib import Path

import psycopg
import pytest
from clusters import Cluster


def test_it_is_an_ordinary_users_and_has_no_port(cluster: Cluster) -> None:
    assert Path(f"/proc/{cluster.pid}").stat().st_uid != 0
    with cluster.connect("postgres") as connection:
        assert connection.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)
        words = connection.execute("SELECT word FROM (VALUES ('b'), ('é'), ('f'), ('Z')) w (word) ORDER BY word")
        assert [word for (word,) in words] == ["b", "é", "f", "Z"], "what forgets its collation is not noticed"


def test_a_database_is_made_after_another(cluster: Cluster) -> None:
    first = cluster.create()
    with cluster.connect(first) as connection:
        connection.execute("CREATE TABLE there AS SELECT 1 AS number")
    second = cluster.create(first)
    with cluster.connect(second) as connection:
        assert connection.execute("SELECT number FROM there").fetchone() == (1,)
    for name in (first, second):
        cluster.drop(name)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        cluster.connect(first)


@pytest.mark.long
@pytest.mark.xdist_group("postgresql")
def test_nothing_of_it_stays_behind() -> None:
    with Cluster(durable=True) as cluster, cluster.connect("postgres") as connection:
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)
        pid, folder = cluster.pid, cluster.folder
        cluster.stop()
        cluster.start()
        assert cluster.pid != pid
        pid = cluster.pid
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_database_is_emptied_for_the_next(cluster: Cluster, migrated: str) -> None:
    with cluster.connect(cluster.create(migrated)) as connection:
        connection.execute("INSERT INTO organizations VALUES ('a', 'clinic', '', '', '', '')")
        connection.execute("INSERT INTO organizations VALUES ('b', 'clinic', '', '', '', '')")
        connection.execute("UPDATE organizations SET part_of = 'a' WHERE id = 'b'")
        connection.execute(
            "INSERT INTO audit_events (id, at, action, subject_kind, subject_id) VALUES ('a', 1, '', '', '')"
        )
        cluster.clear(connection)
        for table in ("organizations", "audit_events"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("INSERT INTO inboxes (user_id) VALUES ('nobody')")
