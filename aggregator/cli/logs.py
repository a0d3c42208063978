"""Logging set up once: an event and fields, on stderr, for people or for machines."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(log_format: str, level: str) -> None:
    """``log_format`` is console or json, ``level`` one of `LEVELS`. Third parties' warnings come
    through the standard library, to the same place."""
    tail: list[Any]
    if log_format == "json":
        # Without local variables, which structlog would add: some hold what is secret.
        trace = structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        )
        tail = [trace, structlog.processors.JSONRenderer(ensure_ascii=False), _printable_json]
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)
        tail = [structlog.processors.StackInfoRenderer(), renderer]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _printable,
            *tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Foreign()], level=max(LEVELS[level], logging.WARNING))


class _Foreign(logging.Handler):
    """Makes what a library logs an event of ours, so that it is escaped and formatted as ours are."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):  # its arguments do not fit its format
            text = str(record.msg)
        structlog.get_logger().log(
            min(record.levelno // 10 * 10, logging.CRITICAL),  # structlog knows no levels in between
            "log.foreign",
            logger=record.name,
            message=text,
            exc_info=record.exc_info,
        )


def printable(text: str) -> str:
    """Text without characters that could forge a line or steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) if not text.isprintable() else text


def _printable(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = printable(value)
    return event


def _printable_json(_logger: Any, _method: str, line: str) -> str:
    """JSON need not escape all that steers a terminal, and exceptions come behind `_printable`."""
    return (
        line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
    )


def _traceback(out: TextIO, exc_info: Any) -> None:
    """A traceback whose lines are set in: a message of several lines must not look like lines of the log."""
    for line in "".join(traceback.format_exception(*exc_info)).rstrip("\n").split("\n"):
        out.write("\n    " + printable(line))
