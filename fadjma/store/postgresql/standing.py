"""What a server says of itself, as far as every role may ask:
https://www.postgresql.org/docs/current/monitoring-stats.html."""

from fadjma.store.database import Server
from fadjma.store.postgresql.listening import LISTENS
from fadjma.store.transaction import Transaction

_STANDING = (
    "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size, "
    "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock, current_user::text AS role, "
    "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, pg_is_in_recovery() AS following, "
    "current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, "
    "current_setting('synchronous_commit') AS synchronous_commit, "
    "(SELECT sum(numbackends) FROM pg_stat_database)::bigint AS connections, "
    "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :listens) "
    "AS processes, current_setting('max_pred_locks_per_transaction')::bigint AS places, "
    "current_setting('max_connections')::bigint AS most, current_setting('synchronous_standby_names') AS required, "
    "(SELECT count(*) FROM pg_stat_replication) AS standbys, "
    "(SELECT coalesce(floor(extract(epoch FROM last_archived_time) * 1000), 0)::bigint FROM pg_stat_archiver) "
    "AS archived, "
    "(SELECT coalesce(floor(extract(epoch FROM last_failed_time) * 1000), 0)::bigint FROM pg_stat_archiver) AS failed"
)


def standing(tx: Transaction) -> Server:
    """All of it as it is now."""
    row = tx.first(_STANDING, {"listens": LISTENS})
    assert row
    unsafe = [f"{name} = off" for name in ("fsync", "full_page_writes", "synchronous_commit") if row[name] == "off"]
    return Server(
        version=row["version"].partition(" ")[0],
        size=row["size"],
        clock=row["clock"],
        role=row["role"],
        is_superuser=bool(row["superuser"]),
        is_following=bool(row["following"]),
        unsafe=tuple(unsafe),
        processes=row["processes"],
        places_apart=row["places"],
        connections=row["connections"],
        most_connections=row["most"],
        required_standbys=row["required"],
        standbys=row["standbys"],
        archived_at=row["archived"],
        archiving_failed_at=row["failed"],
    )
