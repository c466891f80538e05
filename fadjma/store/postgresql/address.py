"""What an address says of a database, and what of it may be shown."""

from urllib.parse import quote, unquote, urlsplit

_SECRET = {"password", "sslpassword"}


def name(url: str) -> str:
    """The name of the database at this address."""
    return unquote(urlsplit(url).path.strip("/"))


def public(url: str, database: str | None = None) -> str:
    """The address without what is secret in it; with `database`, of another one beside it."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    path = parts.path if database is None else f"/{quote(database, safe='')}"
    said = "&".join(pair for pair in parts.query.split("&") if unquote(pair.partition("=")[0]) not in _SECRET)
    return f"postgresql://{user.partition(':')[0]}{at}{hosts}{path}{'?' if said else ''}{said}"
