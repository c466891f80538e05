"""How long a doctor takes from opening the form of a prescription to signing it, by this program's clock alone.

The form carries when it was opened, sealed and bound to its doctor and patient: what a browser says of the time, or
takes from another form, does not count.
"""

from binascii import Error

from fadjma import sealing

PURPOSE = "prescription opened"  # of the program's key
_SHORTEST = 38  # bytes of what is sealed: less was never sealed here


def stamp(doctor_id: str, patient_id: str, at: int, key: bytes) -> str:
    """For a field of the form; `at` in milliseconds UTC."""
    return sealing.seal(str(at).encode(), _bound(doctor_id, patient_id), key)


def seconds(stamped: str, doctor_id: str, patient_id: str, signed_at: int, key: bytes) -> float | None:
    """From opening the form until `signed_at` (milliseconds UTC); None where the form does not say when it was opened,
    or the clock has been put back since.
    """
    try:
        plain = sealing.unseal(stamped, _bound(doctor_id, patient_id), key) if len(stamped) >= _SHORTEST else None
    except (Error, ValueError):  # nothing that was ever sealed
        return None
    took = (signed_at - int(plain)) / 1000 if plain else -1
    return took if took >= 0 else None


def _bound(doctor_id: str, patient_id: str) -> bytes:
    return f"{doctor_id} {patient_id}".encode()
