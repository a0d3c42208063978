"""One client's connection: aiohttp's, held within `Bounds`, and no answer leaves it that is not ours.

Octets go on to aiohttp as they come; here is only counted where a head begins and ends, and timed. It is
aiohttp's own class and not a wrapper around it because aiohttp shuts down the connections that it knows.
"""

from __future__ import annotations

import asyncio
import math
from typing import cast

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from aggregator.serve.app import broken, dressed
from aggregator.serve.bounds import Bounds, Places, heads
from aggregator.serve.slices import Slices

log = structlog.get_logger()

LINGER_S = 2.0  # for a body that nobody wants: its sender gets to read the answer
_ILLEGAL = b"\0"  # wherever in a head it stands, aiohttp answers that the request is broken, in its turn


class Connection(web.RequestHandler):
    """``server`` is aiohttp's; ``places`` knows all connections that there are."""

    __slots__ = (
        "_answers",
        "_bounds",
        "_head",
        "_head_timer",
        "_overlong",
        "_places",
        "_taken_by",
        "_taking_timer",
        "_wire",
    )

    def __init__(self, server: web.Server, places: Places, bounds: Bounds) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=bounds.idle_s,
            lingering_time=LINGER_S,
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type]  # its word for none
        )
        self._places = places
        self._bounds = bounds
        self._wire: asyncio.Transport | None = None  # aiohttp forgets its own before that is closed
        self._head = b""  # what has come of the next request
        self._overlong = False
        self._answers = 0  # still to be given
        self._head_timer: asyncio.TimerHandle | None = None
        self._taking_timer: asyncio.TimerHandle | None = None
        self._taken_by = math.inf  # the loop's time by which the answer under way must be taken whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        if not self._places.enter(self):
            self._wire.abort()
            return
        # So that writing is paused exactly as long as a part of an answer is in our memory.
        self._wire.set_write_buffer_limits(high=0)
        self._time_head()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._places.leave(self)
        self._untime_head()
        if self._taking_timer is not None:
            self._taking_timer.cancel()
        super().connection_lost(exc)

    def cut(self, reason: str) -> None:
        """End it at once, whatever is under way."""
        self._places.leave(self, reason)
        if self._wire is not None:
            self._wire.abort()

    def data_received(self, data: bytes) -> None:
        if self._overlong:
            return
        known, octets = len(self._head), self._head + data
        came = heads(octets, known, self._bounds.head_bytes)
        self._overlong = came.overlong
        self._head = b"" if came.overlong else octets[came.start :]
        if came.ended:
            self._answers += came.ended
            self._places.busy(self)
            self._untime_head()
        if self._head and self._head_timer is None:
            self._time_head()
        if came.overlong:
            # aiohttp forgets the requests that come in one piece with a broken one.
            super().data_received(octets[known : came.start])
            data = _ILLEGAL
        super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        body = resp.body if isinstance(resp, web.Response) else None
        if isinstance(body, Slices):
            self._taken_by = asyncio.get_running_loop().time() + self._bounds.taking_s(body.size)
        else:
            self._taken_by = math.inf
        try:
            return await super().finish_response(request, dressed(resp), start_time)
        finally:
            self._answers = max(0, self._answers - 1)  # a head that was broken before its end was not counted
            if not self._answers:
                self._places.waits(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """aiohttp's would repeat what was sent in ``message``, and log a traceback for whatever anybody
        sends."""
        if self._overlong or isinstance(exc, LineTooLong):
            status = 431
        if status >= 500:
            log.error("serve.bug", path=request.path, exc_info=exc)
        else:
            log.debug("serve.refused", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("half of another answer was sent already")
        response = broken(status)
        response.force_close()
        return response

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._wire is not None:
            loop = asyncio.get_running_loop()
            within_s = self._bounds.taking_s(self._wire.get_write_buffer_size())
            by = min(loop.time() + within_s, self._taken_by)
            self._taking_timer = loop.call_at(by, self.cut, "slow_reader")

    def resume_writing(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
        super().resume_writing()

    def _time_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(self._bounds.head_s, self._head_is_late)

    def _untime_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._answers:  # it was sent before its turn, and may not even have been read to its end
            self._time_head()
        else:
            self.cut("slow_request")
