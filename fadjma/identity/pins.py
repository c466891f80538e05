"""The PIN with which staff unlock their screen: six digits, hashed as passwords are. It signs nobody in."""

from fadjma.identity import passwords
from fadjma.identity.people import Viewer
from fadjma.store import Transaction


def put(tx: Transaction, user_id: str, pin_hash: str) -> None:
    """Store somebody's PIN in the place of the one before, if any."""
    tx.execute(
        "INSERT INTO unlock_pins (user_id, pin_hash, changed_at) VALUES (:id, :hash, :now) "
        "ON CONFLICT (user_id) DO UPDATE SET pin_hash = excluded.pin_hash, changed_at = excluded.changed_at",
        {"id": user_id, "hash": pin_hash, "now": tx.now},
    )


def remove(tx: Transaction, user_id: str) -> bool:
    """Forget somebody's PIN; false when there was none."""
    return bool(tx.execute("DELETE FROM unlock_pins WHERE user_id = :id", {"id": user_id}))


def is_set(tx: Transaction, user_id: str) -> bool:
    return bool(tx.value("SELECT 1 FROM unlock_pins WHERE user_id = :id", {"id": user_id}))


def unlocking(tx: Transaction, viewer: Viewer) -> list[str]:
    """The hashes of what unlocks this person's screen: the PIN, if there is one, and the password."""
    stored = tx.value("SELECT pin_hash FROM unlock_pins WHERE user_id = :id", {"id": viewer.id})
    return [*([stored] if stored else []), passwords.own_hash(tx, viewer)]
