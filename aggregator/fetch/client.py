"""The one HTTP client for everything that is fetched: limits, redirects and manners in one place,
because a second way out would be the one that nobody guards.
"""

from __future__ import annotations

import asyncio
import http
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver

from aggregator.errors import ConfigError, FetchError, NetworkError, Problem, RefusedError, StatusError
from aggregator.fetch import address, body, local
from aggregator.fetch.budget import Budget
from aggregator.fetch.guard import Guard
from aggregator.fetch.headers import (
    MAX_HEADER_BYTES,
    applicable,
    check_sendable,
    received,
    retry_after_s,
    to_send,
    validators_of,
)
from aggregator.fetch.led import Led
from aggregator.fetch.politeness import Gate, shared
from aggregator.fetch.robots import PRODUCT, Robots
from aggregator.fetch.translate import RAISED, translate
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.settings import FetchSettings
from aggregator.model.source import Validators

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})

_KEEP_ALIVE_S = 15.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Redirect:
    status: int
    target: address.Target


class Client:
    """Fetches addresses, politely and guarded. An async context manager around one shared session.

    ``version`` goes into the User-Agent; ``directory`` is what ``file:`` addresses are relative to;
    ``now`` (aware UTC) is for Retry-After dates; ``allowed`` is called right before each request, after all
    waiting, and may raise to prevent it; ``gate`` is who lets requests pass, if somebody else is to know it,
    too; ``crowds``: requests wait for the host that a redirect leads to, however many already do;
    ``resolver`` looks names up, None is the system's. Entering raises ConfigError for a ``ca_file``
    that cannot be used.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        version: str,
        directory: str,
        now: Callable[[], datetime] = _utc_now,
        allowed: Callable[[], None] = lambda: None,
        gate: Gate | None = None,
        crowds: bool = True,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._now = now
        self._allowed = allowed
        self._resolver = resolver
        self._guard = Guard(settings.allow_private)
        self._gate = Gate.of(settings) if gate is None else gate  # an empty one is false
        self._led = None if crowds else Led.of(settings)
        self._robots = Robots(self.fetch)
        contact = " ".join((settings.user_agent_contact or "").split())
        self._user_agent = f"{PRODUCT}/{version}" + (f" (+{contact})" if contact else "")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        settings = self._settings
        connector = aiohttp.TCPConnector(
            limit=0,  # the gate bounds
            ssl=_tls(settings.ca_file),
            resolver=self._resolver,
            socket_factory=self._guard.socket,
            keepalive_timeout=_KEEP_ALIVE_S,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": self._user_agent, "Accept-Encoding": body.ACCEPT_ENCODING},
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=settings.connect_timeout_s,
                sock_connect=settings.connect_timeout_s,
                sock_read=settings.idle_timeout_s,
            ),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def hold(self, host_port: str, until: datetime) -> None:
        """Ask nothing of a host before ``until`` (aware UTC): what it told an earlier process."""
        host = host_port.rpartition(":")[0]
        self._hold(self._line(host, host_port), (until - self._now()).total_seconds())

    def line(self, url: str) -> str | None:
        """Whose turn a request for an address waits for; None for files and what cannot be asked for."""
        if local.is_local(url):
            return None
        try:
            target = address.parse(url)
        except RefusedError:
            return None
        return self._line(target.host, target.host_port)

    def _line(self, host: str, host_port: str) -> str:
        """Whose turn a request waits for: that of the host and port, or of the domain that counts as one."""
        return shared(host, self._settings.one_host) or host_port

    def _hold(self, line: str, wait_s: float) -> None:
        self._gate.hold(line, asyncio.get_running_loop().time() + wait_s)

    async def fetch(self, request: FetchRequest, budget: Budget | None = None) -> FetchResult:
        """Ask for one address, follow its redirects, and read the answer within the limits. ``budget`` is the
        time for that where it is not the request's own to say.

        Raises NetworkError (nothing, or not all of it, arrived), StatusError (no 200, 203 or 304),
        HeldError (not asked, because the host's Retry-After runs, or too many are redirected to it) and
        RefusedError (size, redirects, scheme, private address, robots.txt), and nothing else but
        CancelledError and what ``allowed`` raises.
        """
        if local.is_local(request.url):
            self._allowed()
            return await local.fetch(request, self._directory)
        budget = budget or Budget(request.timeout_s)
        try:
            return await self._follow(request, budget)
        except FetchError as error:
            error.reached = error.reached or budget.answered
            raise

    async def _follow(self, request: FetchRequest, budget: Budget) -> FetchResult:
        check_sendable(request.headers)
        start = target = address.parse(request.url)
        seen = {start.text}
        permanent_url: str | None = None
        all_permanent = True
        for _ in range(self._settings.max_redirects + 1):
            with self._place(start, target):
                now = asyncio.get_running_loop().time()
                gap_s = await self._robots.ask(target, now, budget) if request.robots else 0.0
                try:
                    answer = await self._hop(request, start, target, budget, gap_s)
                except StatusError as error:
                    error.detour = not all_permanent
                    raise
            if isinstance(answer, FetchResult):
                return replace(answer, permanent_url=permanent_url, elapsed_s=budget.used_s)
            if request.body is not None:
                raise RefusedError(f"{target.host_port} redirects what was posted to it")
            target = answer.target
            all_permanent = all_permanent and answer.status in _PERMANENT
            if all_permanent:
                permanent_url = target.text
            if target.text in seen:
                raise RefusedError(f"{target.host_port} redirects in a loop")
            if (start.scheme, target.scheme) == ("https", "http"):
                raise RefusedError(f"a secure address redirects to an insecure one at {target.host_port}")
            seen.add(target.text)
        raise RefusedError(f"more than {self._settings.max_redirects} redirects")

    def _place(self, start: address.Target, target: address.Target) -> AbstractContextManager[None]:
        """One among those that are led to ``target``, if this is where a redirect leads."""
        if self._led is None or target is start:
            return nullcontext()
        return self._led.to(self._line(target.host, target.host_port), start.text)

    async def _hop(
        self,
        request: FetchRequest,
        start: address.Target,
        target: address.Target,
        budget: Budget,
        gap_s: float,
    ) -> FetchResult | _Redirect:
        """One request and its answer, from the wait for a place to the last octet."""
        loop = asyncio.get_running_loop()
        async with self._gate.slot(self._line(target.host, target.host_port), gap_s):
            self._allowed()
            attempt, token = self._guard.begin(target.host, target.port)
            started = loop.time()
            try:
                async with asyncio.timeout(budget.left_s) as deadline:
                    return await self._ask(request, start, target, budget)
            except RAISED as error:
                if attempt.refused and not attempt.dialled:
                    raise RefusedError(f"{target.host_port} is at a private address") from None
                if deadline.expired():
                    raise NetworkError(
                        f"{target.host_port}: no whole answer within {budget.total_s:.3g} s"
                    ) from None
                raise translate(error, target.host_port) from None
            finally:
                budget.used_s += loop.time() - started
                self._guard.end(token)

    async def _ask(
        self, request: FetchRequest, start: address.Target, target: address.Target, budget: Budget
    ) -> FetchResult | _Redirect:
        if self._session is None:
            raise RuntimeError("the client is not open")
        headers = to_send(request, start, target)
        sent = applicable(request.validators, target) if request.body is None else None
        if sent is not None:
            if sent.etag is not None:
                headers["If-None-Match"] = sent.etag
            if sent.last_modified is not None:
                headers["If-Modified-Since"] = sent.last_modified
        data = None if request.body is None else request.body.encode()
        method = "GET" if data is None else "POST"
        async with self._session.request(
            method, target.url, data=data, headers=headers, allow_redirects=False
        ) as response:
            budget.answered = True
            got = received(response)
            status = response.status
            if status in (200, 203):
                whole, wire = await body.read(
                    response,
                    max_wire=self._settings.max_wire_bytes,
                    max_body=request.max_body_bytes,
                    part=request.part,
                )
                kept = validators_of(target.text, got, None)
                return _result(target.text, status, got, body=whole, validators=kept, wire_bytes=wire)
            if status == 304 and sent is not None:
                return _result(target.text, status, got, validators=validators_of(target.text, got, sent))
            if status in _REDIRECTS and "location" in got:
                return _Redirect(status, address.join(target, response.headers["Location"]))
            raise self._status_error(request, target, status, got)

    def _status_error(
        self, request: FetchRequest, target: address.Target, status: int, headers: Mapping[str, str]
    ) -> StatusError:
        """The error for a status that is no success; a Retry-After puts the host on hold, unless only the
        one who asked is to wait."""
        obeyed = status in request.retry_after_on
        wait_s = retry_after_s(headers.get("retry-after", ""), self._now()) if obeyed else None
        held_host = target.host_port if wait_s and request.retry_after_scope == "host" else None
        if held_host and wait_s:
            self._hold(self._line(target.host, target.host_port), wait_s)
        known = status in http.HTTPStatus.__members__.values()
        phrase = f" ({http.HTTPStatus(status).phrase})" if known else ""
        message = f"{target.host_port} answered {status}{phrase}"
        return StatusError(message, status=status, retry_after_s=wait_s, held_host=held_host)


def _tls(ca_file: str | None) -> ssl.SSLContext | bool:
    """The system's certificates, and the operator's beside them. True is the context that the HTTP
    client has made already: another one would cost every start 20 ms."""
    if ca_file is None:
        return True
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # ssl.SSLError is one
        text = f"{ca_file} holds no certificates that can be read: {error.strerror or error}"
        raise ConfigError((Problem(file="", line=0, where="fetch.ca_file", text=text),)) from None
    return context


def _result(
    url: str,
    status: int,
    headers: Mapping[str, str],
    *,
    body: bytes = b"",
    validators: Validators | None,
    wire_bytes: int = 0,
) -> FetchResult:
    return FetchResult(
        url=url,
        status=status,
        headers=headers,
        body=body,
        not_modified=status == 304,
        validators=validators,
        elapsed_s=0.0,
        wire_bytes=wire_bytes,
    )
