"""How a request gets to Quart: one that has come whole, as nearly all do, is answered in the task that uvicorn made.

For each request Quart makes two more, and a timer: one reads the body and waits for the client to go, the other answers
and is cancelled then. What has come whole need not be waited for, and what was begun is finished. A third, with a
timer, is for a client that does not take its answer: a short one goes into the connection at once when nothing is
before it there, which is seen to here; so web/security.py takes the timer from it. A long one may take as long as a
slow link needs, where its route says so: then each piece of it has a time of its own, and nothing is read on for
whoever has gone.
"""

from functools import partial
from typing import Any

from quart.asgi import ASGIHTTPConnection
from quart.utils import encode_headers
from quart.wrappers.response import DataBody

from fadjma.live import wire

_PIECE = 300.0  # seconds in which some of what was written before must have been taken; a second of 2G is 3 KB


class Connection(ASGIHTTPConnection):
    """One request and its answer."""

    async def __call__(self, receive: Any, send: Any) -> None:
        if not await wire.has_taken_all(send, self.app.config["RESPONSE_TIMEOUT"]):
            return  # whoever does not take one answer gets no other
        if not wire.has_come_whole(send):
            await super().__call__(receive, send)
            return
        request = self._create_request_from_scope(send)
        request.body_timeout = None
        request.body.set_result((await receive())["body"])
        await self.handle_request(request, send)

    async def _send_response(self, send: Any, response: Any) -> None:
        if getattr(response, "timeout", ...) is None:
            cycle = wire.cycle_of(send)
            if cycle and isinstance(response.response, DataBody) and not cycle.flow.write_paused:
                await _send_whole(cycle, response)
                return
            send = partial(_deliver, send)
        await super()._send_response(send, response)


async def _send_whole(cycle: wire.Cycle, response: Any) -> None:
    """An answer that is there to its end, as Quart would send it, in one message and one write instead of three."""
    content = response.response
    body, headers = content.data[content.begin : content.end], encode_headers(response.headers)
    with wire.together(cycle):
        await cycle.send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await cycle.send({"type": "http.response.body", "body": body, "more_body": False})


async def _deliver(send: Any, message: Any) -> None:
    """Send a piece. Raises TimeoutError, which ends the answer, when nobody takes it any more."""
    if not await wire.has_taken_all(send, _PIECE) or wire.is_gone(wire.cycle_of(send)):
        raise TimeoutError
    await send(message)
