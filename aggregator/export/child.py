"""The exports of the configuration, run in a process of their own: making and syncing files would hold up
the daemon's loop, and what it takes of memory is given back. A daemon's configuration is handed over as
it stands there, not read again, because the file may have been edited since.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from aggregator.errors import ExportError, StoreError
from aggregator.model.settings import Config

log = structlog.get_logger()

NICE = 10  # steps behind the process that fetches, stores and serves
STOP_S = 2.0  # for a child to end when told to; its files are whole at any moment


async def run(config: Config, *, generator: str, look: bool) -> None:
    """Runs every export of ``config``, logs what came of each. Cancelled, it ends the child first."""
    try:
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE)
    except OSError as error:  # such as too many processes; the next change tries again
        log.error("export.not_started", error=str(error))
        return
    try:
        told, _ = await child.communicate(pickle.dumps((config, generator, look)))
    finally:
        if child.returncode is None:
            await _end(child)
    for line in told.splitlines():
        with suppress(ValueError):  # cut off, where the child died
            _log(json.loads(line))
    if child.returncode:
        log.error("export.died", status=child.returncode)


async def _end(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            child.kill()


def _log(told: dict[str, Any]) -> None:
    failures = told.pop("failures", [])
    for failure in failures:
        log.warning("export.failed", directory=told["directory"], error=failure)
    if "error" in told:
        log.error("export.not_done", **told)
    elif told["written"] or told["removed"]:
        log.info("export.done", **told, failed=len(failures))


def main() -> None:
    """The child: told what to do on stdin, tells on stdout what came of it, a line of JSON each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which ends us
    os.nice(NICE)
    config, generator, look = pickle.load(sys.stdin.buffer)
    asyncio.run(_all(config, generator, look))


async def _all(config: Config, generator: str, look: bool) -> None:
    from aggregator.export.run import export
    from aggregator.store.database import open_store

    try:
        store = await open_store(config.store, now=lambda: datetime.now(UTC), role="reader")
    except StoreError as error:
        for wanted in config.exports:
            _tell(directory=wanted.directory, format=wanted.format, error=str(error))
        return
    try:
        for wanted in config.exports:
            named: dict[str, Any] = {"directory": wanted.directory, "format": wanted.format}
            try:
                report = await export(store, config, wanted, generator=generator, look=look)
            except (ExportError, StoreError) as error:
                _tell(**named, error=str(error))
            else:
                _tell(
                    **named,
                    written=report.written,
                    removed=report.removed,
                    unchanged=report.unchanged,
                    failures=report.failures,
                )
    finally:
        await store.close()


def _tell(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
