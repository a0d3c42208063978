"""The command: its options, how a verb is run, and what exit status its end is."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import click
import orjson

from aggregator import __version__
from aggregator.cli import logs
from aggregator.config import decode
from aggregator.errors import ConfigError, Problem, StoreError, first_of
from aggregator.model.settings import Config
from aggregator.reload import Orders

T = TypeVar("T")

OK, SOME_FAILED, USAGE, ALL_FAILED, STORE, INTERRUPTED = 0, 1, 2, 3, 4, 130
_AT_A_TERMINAL = os.isatty(0)


def main() -> None:
    """Run a verb and exit: 0 all well, 1 some sources failed, 2 configuration or usage, 3 every
    source failed, 4 the store cannot be used, 130 interrupted."""
    # Reading makes many small objects that live for a moment: looking for cycles among them at the
    # default rate was measured to cost a tenth of a refresh.
    gc.set_threshold(200_000, 20, 100)
    try:
        code = commands(standalone_mode=False)
    except click.exceptions.Abort:
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = USAGE
    except ConfigError as error:
        for problem in error.problems:
            click.echo(logs.printable(str(problem)), err=True)
        code = USAGE
    except StoreError as error:
        click.echo(f"store: {logs.printable(str(error))}", err=True)
        code = STORE
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = INTERRUPTED
    except BrokenPipeError:
        # Our reader has gone (a pipe into head); there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    gc.freeze()  # spares the interpreter a last search of everything there is
    sys.exit(code if isinstance(code, int) else OK)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aggregator")
@click.option("--config", "file", default="feeds.toml", show_default=True, help="The configuration file.")
@click.option("--log-format", type=click.Choice(["console", "json"]), default="console", show_default=True)
@click.option("--log-level", type=click.Choice(list(logs.LEVELS)), default="info", show_default=True)
@click.pass_context
def commands(context: click.Context, file: str, log_format: str, log_level: str) -> None:
    """Collects feeds, stores their items, and publishes them again as clean, stable feeds."""
    logs.configure(log_format, log_level)
    context.obj = file


def load(context: click.Context) -> Config:
    path = Path(context.obj)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Problem(file=str(path), line=0, where="", text=f"cannot be read: {reason}")
        raise ConfigError((problem,)) from error
    return parse(path, text)


def parse(path: Path, text: str) -> Config:
    """The configuration that ``text`` would be at ``path``. Raises ConfigError."""
    return decode.load(
        text,
        file=path.name,
        directory=str(path.resolve().parent),
        env=os.environ,
        read_file=lambda secret: Path(secret).read_text(encoding="utf-8"),
    )


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, or until SIGINT or SIGTERM cancels it."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_terminable(work))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def orders_for(context: click.Context) -> Orders:
    """The orders of a long-lived verb. From now on SIGHUP is one: while the verb still starts, it is kept."""
    # Blocked in this thread and in all that it starts, and waited for, until the process is gone: to put a
    # handler away has a moment, and so has the interpreter's own end, in which the signal would kill us.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    return Orders(read=lambda: load(context))


def _await_hangups(loop: asyncio.AbstractEventLoop, orders: Orders) -> None:
    with suppress(RuntimeError):  # the loop is closed
        while True:
            signal.sigwait({signal.SIGHUP})
            loop.call_soon_threadsafe(_hung_up, orders)


def _hung_up(orders: Orders) -> None:
    """A terminal that is closed sends the same signal, and takes along what ran in it, as ever."""
    closed = _AT_A_TERMINAL and not os.isatty(0)
    (orders.stop if closed else orders.reload).set()


def run_until_stopped(work: Coroutine[Any, Any, None], orders: Orders) -> int:
    """Run a long-lived verb; SIGTERM stops it in order (0), and so does Ctrl-C (130)."""
    received: list[int] = []

    async def stoppable() -> None:
        loop = asyncio.get_running_loop()

        def ask(number: int) -> None:
            received.append(number)
            orders.stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask, number)
        Thread(target=_await_hangups, args=(loop, orders), name="hangups", daemon=True).start()
        try:
            await work
        except* StoreError as group:
            raise first_of(group) from None

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(stoppable())
    return INTERRUPTED if signal.SIGINT in received else OK


def print_json(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
