"""Whether a link opens outside of the clinic: what the settings say, else the address on which its patient came.

The program cannot try it: who is in the clinic reaches it however it is reached from elsewhere. What the patient's own
browser used is what the doctor's will use, and it leads nowhere when it is a private address, or a name that only a
local network knows. A file does not travel over plain http either: then there is no link.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

_LOCAL_NAMES = (".local", ".lan", ".home", ".internal", ".localdomain", ".localhost", ".home.arpa", ".test")


def base(public_url: str | None, scheme: str, host: str) -> str | None:
    """What a link begins with, `https://…` without a slash at its end; None where no link would be of use.

    `scheme` and `host` are those of the request (`clinique.example:8443`).
    """
    if public_url:
        return public_url
    return f"https://{host}" if scheme == "https" and is_public(host) else None


def is_public(host: str) -> bool:
    """Whether the whole internet may know this host, by its name or its number."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        return ip_address(name).is_global
    except ValueError:
        return "." in name and not name.endswith(_LOCAL_NAMES)
