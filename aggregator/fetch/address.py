"""Web addresses as they are sent, because signed and oddly quoted ones break when a library tidies them.

Only what must not appear on a request line (RFC 9112 section 3.2) is percent-encoded; everything else
stays as the operator, or the redirecting server, wrote it. User names and passwords are taken out at
once, so that no later step can log, store or forward them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from yarl import URL

from aggregator.errors import RefusedError

MAX_OCTETS = 8000  # RFC 9110 section 4.1 asks for at least this many

DEFAULT_PORTS = {"http": 80, "https": 443}

# Controls, space, the delimiters that WHATWG's URL standard encodes in a query, and all beyond ASCII.
_UNSENDABLE = re.compile(rb'[\x00-\x20"<>\\`\x7f-\xff]')

_SURROGATE = re.compile("[\ud800-\udfff]")

_IPV6 = re.compile(r"[0-9a-f:.]+(?:%[0-9a-z._~-]+)?")  # in form, a zone included


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that can be asked for. ``text`` has neither credentials nor fragment; ``host`` is in
    its ASCII form, without brackets. ``authorization`` is the header that its credentials stand for."""

    text: str
    url: URL
    scheme: str
    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    @property
    def host_port(self) -> str:
        """Names the server, for politeness and messages: "example.org:443", "[::1]:80"."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """RFC 6454: what credentials are tied to."""
        return self.scheme, self.host, self.port


def parse(text: str) -> Target:
    """An http(s) address, made sendable. Raises RefusedError for anything else."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RefusedError("the address is not valid") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise RefusedError(f'addresses with "{parts.scheme[:20]}:" are not fetched')
    host = ascii_host(host)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    path = _sendable(parts.path)
    rest = (path if path.startswith("/") else "/" + path) + (
        f"?{_sendable(parts.query)}" if parts.query else ""
    )
    whole = f"{parts.scheme}://{netloc}{rest}"
    if len(whole) > MAX_OCTETS:
        raise RefusedError(f"the address is longer than {MAX_OCTETS} octets")
    try:
        url, authorization = URL(whole, encoded=True), _basic(parts.username, parts.password)
    except ValueError:  # UnicodeEncodeError is one
        raise RefusedError("the address is not valid") from None
    return Target(
        text=whole,
        url=url,
        scheme=parts.scheme,
        host=host,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        authorization=authorization,
    )


def join(base: Target, location: str) -> Target:
    """Where a redirect from ``base`` leads (RFC 9110 section 10.2.2). Credentials written there are
    not ours and are left out. Raises RefusedError for other schemes and broken addresses."""
    # aiohttp decodes headers as UTF-8 with surrogates; quoting turns them back into the octets sent.
    quoted = _sendable(location.strip())
    try:
        joined = urljoin(base.text, quoted)
    except ValueError:
        raise RefusedError("the server redirects to an address that is not valid") from None
    target = parse(joined)
    return Target(text=target.text, url=target.url, scheme=target.scheme, host=target.host, port=target.port)


@lru_cache(maxsize=4096)
def ascii_host(host: str) -> str:
    """A host name in the form that DNS and TLS use (IDNA), lower case. Raises RefusedError."""
    try:
        if "%" in host and ":" not in host:
            host = unquote_to_bytes(host).decode("utf-8", "replace")
        name = (URL.build(scheme="http", host=host).raw_host or "").lower()
    except ValueError:
        name = ""
    if not (_IPV6.fullmatch(name) if ":" in name else _is_name(name)):
        raise RefusedError("the address has no valid host name")
    return name


def _is_name(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return "%" not in text and len(text) <= 254 and all(0 < len(label) <= 63 for label in labels)


def _sendable(text: str) -> str:
    octets = (text if _from_wire(text) else _SURROGATE.sub("\ufffd", text)).encode("utf-8", "surrogateescape")
    return _UNSENDABLE.sub(lambda found: b"%%%02X" % found[0][0], octets).decode("ascii")


def _from_wire(text: str) -> bool:
    """Whether every surrogate in the text stands for an undecodable octet (PEP 383)."""
    return all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")


def _basic(user: str | None, password: str | None) -> str | None:
    if not user and not password:
        return None
    pair = unquote_to_bytes(user or "") + b":" + unquote_to_bytes(password or "")
    return "Basic " + base64.b64encode(pair).decode("ascii")
