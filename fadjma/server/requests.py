"""How a request gets to Quart: one that has come whole, as nearly all do, is answered in the task that uvicorn made.

For each request Quart makes two more, and a timer: one reads the body and waits for the client to go, the other answers
and is cancelled then. What has come whole need not be waited for, and what was begun is finished. A third, with a
timer, is for a client that does not take its answer: a short one goes into the connection at once when nothing is
before it there, which is seen to here; so web/security.py takes the timer from it.
"""

from typing import Any

from quart.asgi import ASGIHTTPConnection

from fadjma.live import wire


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
