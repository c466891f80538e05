"""A peer: sse-starlette on uvicorn, one queue and one task per stream, as its documentation shows."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_queues: set[asyncio.Queue[str]] = set()


async def events(request: Request) -> EventSourceResponse:
    """GET /events: a stream that ends when its reader goes."""
    return EventSourceResponse(_follow(), ping=25)


async def _follow() -> AsyncIterator[ServerSentEvent]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    _queues.add(queue)
    try:
        number = 0
        while True:
            number += 1
            yield ServerSentEvent(await queue.get(), event="prescription_status_changed", id=str(number), sep="\n")
    finally:
        _queues.discard(queue)


async def publish(request: Request) -> Response:
    """POST /publish: the body goes to every open stream."""
    text = (await request.body()).decode()
    for queue in _queues:
        queue.put_nowait(text)
    return Response(status_code=204)


app = Starlette(routes=[Route("/events", events), Route("/publish", publish, methods=["POST"])])
