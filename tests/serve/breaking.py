"""A server whose handlers break with what was sent, and which logs as the program does. It prints its port,
and ends with its input. Run by tests/serve/test_serve_logs.py in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import sys

from aiohttp import web

from aggregator.cli import logs
from aggregator.errors import StoreError
from aggregator.serve.app import guarded
from aggregator.serve.bounds import Bounds
from aggregator.serve.listen import listening
from aggregator.serve.metrics import Metrics


async def bug(request: web.Request) -> web.Response:
    secret = "hidden in a local variable"
    raise ValueError(request.path + request.headers["X-Odd"] + secret[:0])


async def store(request: web.Request) -> web.Response:
    raise StoreError(request.path)


async def foreign(request: web.Request) -> web.Response:
    """What a library would do: its own logger, with a traceback, and once with the wrong arguments."""
    try:
        raise OSError(request.path)
    except OSError:
        logging.getLogger("some.library").exception("odd: %s", request.path)
    logging.getLogger("some.library").log(35, "%d odd", request.path)
    logging.getLogger("some.library").info("too much to tell")
    asyncio.get_running_loop().call_exception_handler({"message": request.path})
    return web.Response(text="ok")


async def main() -> None:
    app = web.Application(middlewares=[guarded(Metrics())])
    app.router.add_get("/bug/{rest:(?s:.*)}", bug)
    app.router.add_get("/store/{rest:(?s:.*)}", store)
    app.router.add_get("/foreign/{rest:(?s:.*)}", foreign)
    async with listening(app, "127.0.0.1", 0, bounds=Bounds()) as port:
        print(port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    logs.configure(sys.argv[1], "info")
    asyncio.run(main())
