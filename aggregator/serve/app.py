"""The web application's frame: what is true of every answer, whichever route gives it."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from aggregator.errors import StoreError
from aggregator.publish import html
from aggregator.serve import access
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


# Of what was sent nothing is repeated, not even in what went wrong with it.
_BROKEN = {
    400: "The request cannot be read.",
    417: "Nothing can be expected here.",
    431: "The head of the request is too long.",
    500: "Something of ours is broken. The log tells what.",
    504: "The answer took too long.",
}


def broken(status: int) -> web.Response:
    """The page for what did not get as far as our handlers, or broke in one of them."""
    return page(html.error_page(status, _BROKEN.get(status, "")), status)


def dressed(response: web.StreamResponse) -> web.StreamResponse:
    """An answer as it leaves us. aiohttp's own errors become pages of ours."""
    if isinstance(response, web.HTTPError):
        response = broken(response.status)
    response.headers.update(HEADERS)
    return response


def guarded(metrics: Metrics, token: Callable[[], str | None] = lambda: None) -> Middleware:
    """The one middleware: measures, lets nobody in without the ``token`` in force, if there is one, and turns
    errors into plain pages."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        status = 500
        try:
            response = await admitted(request, handler)
            status = response.status
        finally:
            metrics.request_s.labels(route, str(status)).observe(time.perf_counter() - started)
        return response

    async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
        wanted, resource = token(), request.match_info.route.resource
        if wanted is None or (resource is not None and resource.canonical in access.OPEN):
            return await answer(request, handler)
        query = request.rel_url.raw_query_string
        way = access.way(wanted, request.headers.getall("Authorization", ()), query)
        response = unknown(request) if way is None else await answer(request, handler)
        headers = response.headers
        headers["Cache-Control"] = access.private(headers.get("Cache-Control"))
        headers["Vary"] = access.varied(headers.get("Vary"))
        if way == "query" and "Location" in headers:
            headers["Location"] = access.with_token(headers["Location"], wanted)
        return response

    def unknown(request: web.Request) -> web.Response:
        """The same for every path, so that nothing is told of which there are."""
        response = page(html.error_page(401, "The token is missing or wrong."), 401)
        response.headers["WWW-Authenticate"] = access.CHALLENGE
        if request.body_exists:
            response.force_close()
        return response

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            # Who sends one anyway is answered before it is read, and then hung up on.
            if request.body_exists:
                raise web.HTTPRequestEntityTooLarge(0, 0)
            return await handler(request)
        except web.HTTPException as error:
            response = page(html.error_page(error.status, error.reason), error.status)
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
            if request.body_exists:
                response.force_close()
            return response
        except StoreError as error:
            log.error("serve.store", path=request.path, error=str(error))
            return page(html.error_page(503, "The store cannot be read just now."), 503)

    return middleware
