"""Papers and their pages sent as people and programs send them."""

import hashlib
from typing import Any

from callers import Answer, Caller

PAGE = "/patients/awa/papers"
SAID = {"type": "test_result", "title": "Numération", "occurred_on": "2026-03-01", "body": "Labo de Thiès"}
PART = 64 * 1024
BOUNDARY = "x0x"


async def send_form(
    caller: Caller, file: bytes | None, name: str = "photo.jpg", *, to: str = PAGE, **said: str | None
) -> Answer:
    """As a form sends it; what is None is left out, and a page more has nothing but its file."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in ({**SAID, **said} if to.endswith("/papers") else said).items()
        if value is not None
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name if file else ""}"\r\n'
    parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + (file or b"") + b"\r\n")
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return await caller.post(to, body, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")


def announced(file: bytes, **said: Any) -> dict[str, Any]:
    return {**SAID, "size": len(file), "hash": hashlib.sha256(file).hexdigest(), **said}


async def begin(caller: Caller, file: bytes, *, to: str = PAGE, **said: Any) -> Any:
    sent = {name: value for name, value in announced(file, **said).items() if value is not None}
    if not to.endswith("/papers"):
        sent = {name: sent[name] for name in ("size", "hash")}
    begun = await caller.post(f"{to}/uploads", sent)
    assert begun.status == 201, begun.text
    assert begun.location == f"/papers/uploads/{begun.json['id']}"
    return begun.json


async def put(caller: Caller, upload: Any, offset: int, part: bytes) -> Answer:
    where = f"/papers/uploads/{upload['id']}?offset={offset}"
    return await caller.ask("PUT", where, part, Content_Type="application/octet-stream")


async def send(caller: Caller, upload: Any, file: bytes, until: int | None = None) -> Any:
    """Part by part from where it is."""
    said = upload
    while said["status"] == "receiving" and said["offset"] < (len(file) if until is None else until):
        answer = await put(caller, upload, said["offset"], file[said["offset"] :][:PART])
        assert answer.status == 200, answer.text
        said = answer.json
    return said
