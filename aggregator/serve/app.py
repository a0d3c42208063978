"""The web application's frame: what is true of every answer, whichever route gives it."""

from __future__ import annotations

import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from aggregator.errors import StoreError
from aggregator.publish import html
from aggregator.serve.metrics import Metrics

log = structlog.get_logger()

HEADERS = {
    "Server": "aggregator",  # or aiohttp tells its version and Python's
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src https: http: data:; media-src https: http:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page(body: bytes, status: int = 200) -> web.Response:
    """An HTML page of ours. What it shows may be otherwise a moment later."""
    headers = {"Cache-Control": "no-cache"}
    return web.Response(body=body, status=status, headers=headers, content_type="text/html", charset="utf-8")


def guarded(metrics: Metrics) -> Middleware:
    """The one middleware: measures, adds the headers of every answer, and turns errors into plain pages."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response: web.StreamResponse
        try:
            # Who sends one anyway is answered before it is read, and then hung up on.
            if request.body_exists:
                raise web.HTTPRequestEntityTooLarge(0, 0)
            response = await handler(request)
        except web.HTTPRedirection as redirect:
            response = redirect
        except web.HTTPException as error:
            response = page(html.error_page(error.status, error.reason), error.status)
            if request.body_exists:
                response.force_close()
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        except StoreError as error:
            log.error("serve.store", path=request.path, error=str(error))
            response = page(html.error_page(503, "The store cannot be read just now."), 503)
        response.headers.update(HEADERS)
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        metrics.request_s.labels(route, str(response.status)).observe(time.perf_counter() - started)
        return response

    return middleware
