"""The error tree. Classes follow who must act; adapters translate library errors at their edge.

    AggregatorError
      ConfigError        the operator must act: every problem at once
      CrawlError         the outside world failed: stored, shown, counted; the run goes on
        FetchError
          NetworkError   DNS, TLS, connection, time-out, a cut-off answer
          StatusError    an HTTP status that is no success
          HeldError      nothing was asked: the host had told us to wait, or too many others do
          RefusedError   we will not: size, redirects, private address, scheme
            DisallowedError  robots.txt asks programs not to
        ParseError
          NotAFeed       the bytes are something else (a web page, nothing at all)
          Unparsable     meant to be a feed, but too broken for the reader that was asked
          TooCostly      reading it takes more time or memory than one document gets
          ReaderDied     the process that was reading it ended in the midst
          SelectorError  a configured selector or path finds nothing: the page has changed
      StoreError         we cannot keep data
        StoreTaken       another daemon works on it
        StoreNewer       the database was written by a newer version
        StoreOutage      the disk is full, read-only or failing: what may pass, and a daemon sits it out
          StoreBusy      another process has held the database for too long
      ExportError        the operator must act: the folder cannot be exported into

"Not modified" is a value, not an error. Anything else that is raised is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass


class AggregatorError(Exception):
    """Root of everything this package raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the configuration. ``line`` is 1-based, 0 where no line can be named."""

    file: str
    line: int
    where: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.text}" if self.where else f"{place}: {self.text}"


class ConfigError(AggregatorError):
    """The configuration cannot be used; ``problems`` lists every reason found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class CrawlError(AggregatorError):
    """A source could not be crawled. ``stage`` is where, ``transient`` whether waiting may help."""

    stage = "crawl"
    transient = True


class FetchError(CrawlError):
    """No usable answer came back. ``reached``: some server answered all the same, if only with a part of an
    answer or a redirect, so that our own network is up."""

    stage = "fetch"
    reached = False


class NetworkError(FetchError):
    """The answer did not arrive, or not whole."""

    def __init__(self, message: str, *, reached: bool = False) -> None:
        super().__init__(message)
        self.reached = reached


class StatusError(FetchError):
    """The server answered with a status that is neither success nor 304. ``retry_after_s``: how long it
    asked us to wait, where that counts; then even a 403 may pass. ``held_host``: host and port that are
    on hold because of that. ``detour``: a redirect that is not permanent led to who answered, so that it
    does not speak for the address that was asked for."""

    reached = True

    def __init__(
        self,
        message: str,
        *,
        status: int,
        retry_after_s: float | None = None,
        held_host: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.held_host = held_host
        self.detour = False
        self.transient = retry_after_s is not None or status not in (401, 403, 404, 410, 451)


class HeldError(FetchError):
    """The host has told us to wait, or has others enough to answer to, for another ``retry_after_s`` seconds:
    it was not asked, and whoever wanted to ask has not failed."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RefusedError(FetchError):
    """We refused to go on: too large, too many redirects, a private address, another scheme."""

    transient = False


class DisallowedError(RefusedError):
    """The site's robots.txt asks us not to read the address."""


class ParseError(CrawlError):
    """The bytes arrived but cannot be read. ``format``: what was expected; ``offset``: a byte or line."""

    stage = "parse"
    transient = False

    def __init__(self, message: str, *, format: str = "", offset: int | None = None) -> None:
        super().__init__(message)
        self.format = format
        self.offset = offset


class NotAFeed(ParseError):
    """The document is no feed of any known format: a web page, an empty body, other data."""


class Unparsable(ParseError):
    """The document is meant to be a feed, but the reader that was asked cannot make sense of it."""


class TooCostly(ParseError):
    """Reading the document took more time, or memory, than one document may have."""


class ReaderDied(ParseError):
    """The process that was reading the document ended before it was done: it crashed, or was killed."""


class SelectorError(ParseError):
    """What a selector or path of the configuration points at is not there: the site has changed."""


class StoreError(AggregatorError):
    """Data cannot be kept or read."""


class StoreTaken(StoreError):
    """Another daemon works on the store; there is one at most."""


class StoreNewer(StoreError):
    """The store was written by a newer version of this program."""


class StoreOutage(StoreError):
    """Nothing can be written for now, whatever it is; there may be room again later."""


class StoreBusy(StoreOutage):
    """Another process has held the database for longer than is waited."""


class ExportError(AggregatorError):
    """The folder of an export cannot be used: it is a file, in use, or its list of files is damaged."""


def first_of(group: BaseExceptionGroup[StoreError]) -> StoreError:
    """One error for a task group's many of one cause."""
    error = group.exceptions[0]
    return first_of(error) if isinstance(error, BaseExceptionGroup) else error
