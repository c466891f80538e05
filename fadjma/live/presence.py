"""Who is here now, as numbers: open streams, pollers, and the people behind them by role."""

from collections import Counter
from dataclasses import dataclass

from fadjma.identity.people import ROLES, Role
from fadjma.live.hub import Hub


@dataclass(frozen=True, slots=True)
class Presence:
    """A person is connected with at least one open stream, or a poll within the last minute; each counts once."""

    users: dict[Role, int]
    streams: dict[str, int]  # by encoding
    behind: int  # streams to which something is still to be written
    pollers: int  # sessions that polled within the last minute and have no stream


def presence(hub: Hub) -> Presence:
    """Count what is open now: one walk over the streams."""
    roles: dict[str, Role] = {}
    sessions: set[str] = set()
    encodings = {"html": 0, "json": 0}
    behind = 0
    for stream in hub.streams:
        roles[stream.viewer.id] = stream.viewer.role
        sessions.add(stream.viewer.session_id)
        encodings[stream.encoding] += 1
        behind += stream.behind
    pollers = [poller for session_id, poller in hub.figures.pollers.items() if session_id not in sessions]
    roles.update((poller.user_id, poller.role) for poller in pollers)
    users = Counter(roles.values())
    return Presence({role: users[role] for role in ROLES}, encodings, behind, len(pollers))
