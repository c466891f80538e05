"""What goes wrong in the field with a database in PostgreSQL, each with what to do; empty: nothing."""

from fadjma.i18n import iso
from fadjma.store.database import Server

State = tuple[str, str]  # what is, and what to do

_SLACK = 2 * 60_000  # milliseconds by which two clocks may differ
_PLACES_APART = 1024  # with less, what a transaction has read of a table soon counts as all of it
_FULL = 0.9  # of the connections


def base(server: Server, address: str) -> State:
    """Whether it is one that is written to, and has connections left. `address`: without a password."""
    said = f"{address}, PostgreSQL {server.version}, {server.size // 1_000_000} Mo"
    if server.is_following:
        return (
            f"{address} suit une autre machine, rien ne s'y écrit",
            "Nommez les deux, avec ?target_session_attrs=read-write ; si l'autre est perdue : SELECT pg_promote() "
            "(docs/scaling.md).",
        )
    if server.connections > _FULL * server.most_connections:
        return (
            f"{server.connections} connexions sur {server.most_connections}",
            "Un processus de FADJMA en prend onze : mettez max_connections plus haut, ou arrêtez-en.",
        )
    return said, ""


def rights(server: Server) -> State:
    """Whether our role may switch off what the database refuses by itself."""
    if server.is_superuser:
        return (
            f"{server.role} est superutilisateur de PostgreSQL",
            "Donnez à FADJMA un rôle à lui, propriétaire de sa base et rien de plus : createuser fadjma, puis "
            "ALTER DATABASE … OWNER TO fadjma et REASSIGN OWNED.",
        )
    return f"{server.role} n'est pas superutilisateur", ""


def durability(server: Server) -> State:
    """Whether what was acknowledged is on the disk."""
    if server.unsafe:
        return (
            f"{', '.join(server.unsafe)} : ce qui est enregistré peut se perdre avec le courant",
            f"ALTER SYSTEM RESET {server.unsafe[0].partition(' ')[0]} ; SELECT pg_reload_conf() ; et regardez "
            "postgresql.conf.",
        )
    return "ce qui est enregistré l'est sur le disque", ""


def processes(server: Server) -> State:
    """Whether several of them are in each other's way for nothing."""
    if server.processes > 1 and server.places_apart < _PLACES_APART:
        return (
            f"{server.processes} processus servent cette base, et max_pred_locks_per_transaction vaut "
            f"{server.places_apart} : ils se gênent pour rien",
            f"ALTER SYSTEM SET max_pred_locks_per_transaction = {_PLACES_APART}, puis redémarrez PostgreSQL "
            "(docs/scaling.md).",
        )
    return {0: "aucun ne sert cette base", 1: "un seul sert cette base"}.get(
        server.processes, f"{server.processes} servent cette base"
    ), ""


def clock(server: Server, now: int) -> State:
    """Whether the two machines have the same time; `now`: ours, in milliseconds UTC."""
    if abs(server.clock - now) > _SLACK:
        return (
            f"il est {iso(now)} ici, et {iso(server.clock)} chez PostgreSQL",
            "Mettez les deux machines à l'heure : timedatectl set-ntp true.",
        )
    return "la même heure ici et chez PostgreSQL", ""


def copies(server: Server) -> State:
    """What the server itself sees of them: a machine that follows, and archiving."""
    if server.required_standbys and not server.standbys:
        return (
            "la machine de secours n'est pas là, et rien ne s'enregistre sans elle",
            "Rallumez-la ; ou, sans elle : ALTER SYSTEM RESET synchronous_standby_names ; SELECT pg_reload_conf().",
        )
    if server.archiving_failed_at > server.archived_at:
        return (
            f"l'archivage des journaux échoue, la dernière fois le {iso(server.archiving_failed_at)}",
            "Le journal de PostgreSQL dit pourquoi ; tant qu'il échoue, son disque se remplit.",
        )
    kept = []
    if server.standbys:
        plural = "s" if server.standbys > 1 else ""
        kept.append(f"{server.standbys} machine{plural} de secours")
    if server.archived_at:
        kept.append(f"journaux archivés jusqu'au {iso(server.archived_at)}")
    beside = "pg_dump est-il lancé chaque nuit ? FADJMA ne le voit pas (docs/scaling.md)"
    return ", ".join(kept) or beside, ""
