"""Readers of addresses: of sources, of our own site and listener, of hosts that may be private.

They judge form only. Whether an address may be connected to is decided by `fetch`, at the connection.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from aggregator.config.lines import KeyPath
from aggregator.config.values import BadValue, expected, show, string

_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HOST_CHARS = re.compile(r'[^\s/?#@\[\]:<>"\\^`{|}%]+')
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::([0-9]{1,5}))?")
_MAIL = re.compile(r"(?:mailto:)?[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_URL_OCTETS = 8000  # RFC 9110 section 4.1 asks everybody for that much


def source_url(raw: object) -> str:
    """A source's http, https or file: address. ``file:`` paths keep the form they are written in."""
    what = 'an address such as "https://example.org/feed.xml" or "file:examples/news.rss"'
    text = string(raw, what)
    scheme, colon, rest = text.partition(":")
    if scheme.lower() != "file" or not colon:
        return _web(text, what)
    if rest.startswith("//") and not rest.startswith(("///", "//localhost/")):
        raise expected("a file of this machine: file:path or file:///path", raw)
    if not rest.strip("/") or rest.endswith("/") or "\0" in rest:
        raise expected("the path of a file after file:", raw)
    return f"file:{rest}"


def base_url(raw: object) -> str:
    """The public address of our own site, without a slash at its end."""
    what = 'an address such as "https://example.org/news"'
    text = _web(string(raw, what), what)
    if "?" in text or "#" in text:
        raise expected("an address without ? and #", raw)
    return text.rstrip("/")


def contact(raw: object) -> str:
    """A page or mail address at which the operator can be reached, for the User-Agent."""
    what = 'an address such as "https://example.org/bot" or "mailto:me@example.org"'
    text = string(raw, what)
    if _MAIL.fullmatch(text):
        return text
    if not text.isascii() or re.search(r"[()\\\"]", text):  # it stands in a header's comment
        raise expected(what, raw)
    return _web(text, what)


def listen(raw: object) -> tuple[str, int]:
    """(host, port) of "127.0.0.1:8080", "localhost:0" or "[::1]:8080"; port 0 is any free one."""
    what = 'a host and port such as "127.0.0.1:8080" or "[::1]:8080"'
    text = string(raw, what)
    try:
        host, port = _host_port(text)
    except ValueError:
        raise expected(what, raw) from None
    if port is None:
        raise expected(what, raw)
    return host, port


def private(raw: object) -> tuple[str, ...]:
    """Hosts and networks that may be asked although they are private, in canonical form: lower case,
    addresses as `ipaddress` writes them, IPv6 in brackets only before a port."""
    if not isinstance(raw, list):
        raise expected('a list such as ["127.0.0.1:9000", "10.0.0.0/8"]', raw)
    faults: list[tuple[KeyPath, str]] = []
    found: list[str] = []
    for place, value in enumerate(raw):
        try:
            found.append(_private(value))
        except BadValue as bad:
            faults.extend(((place, *at), text) for at, text in bad.faults)
    if faults:
        raise BadValue(*faults)
    return tuple(dict.fromkeys(found))


def domains(raw: object) -> tuple[str, ...]:
    """Domain names in the form that DNS uses (IDNA), lower case, without a dot at the end. None of them may
    lie below another, since it would be unclear which of the two a host belongs to."""
    if not isinstance(raw, list):
        raise expected('a list such as ["blogs.example"]', raw)
    faults: list[tuple[KeyPath, str]] = []
    found: dict[str, int] = {}
    for place, value in enumerate(raw):
        try:
            found.setdefault(_domain(value), place)
        except BadValue as bad:
            faults.extend(((place, *at), text) for at, text in bad.faults)
    for name, place in found.items():
        above = next((one for one in found if name.endswith(f".{one}")), None)
        if above is not None:
            faults.append(((place,), f"{show(name)} is below {show(above)}, which is listed as well"))
    if faults:
        raise BadValue(*faults)
    return tuple(found)


def _domain(raw: object) -> str:
    what = 'a domain name such as "blogs.example", without a port'
    text = string(raw, what).removesuffix(".")
    try:
        name = URL.build(scheme="http", host=text).raw_host or ""
        if _host(name) != name.lower() or name.rpartition(".")[2].isdecimal():
            raise expected(what, raw)
    except ValueError:
        raise expected(what, raw) from None
    return name.lower()


def _private(raw: object) -> str:
    what = 'a host, an address, either with ":port", or a network such as "10.0.0.0/8"'
    text = string(raw, what)
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            if str(network.network_address) != str(ipaddress.ip_address(text.partition("/")[0])):
                raise BadValue(((), f'expected a network, got {show(raw)}; did you mean "{network}"?'))
            return str(network)
        host, port = _host_port(text)
    except ValueError:
        raise expected(what, raw) from None
    if port == 0:
        raise expected("a port from 1 to 65535", raw)
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _host_port(text: str) -> tuple[str, int | None]:
    """Host and port, the latter None when there is none. ValueError for other forms."""
    if bracketed := _BRACKETED.fullmatch(text):
        return str(ipaddress.IPv6Address(bracketed[1])), _port(bracketed[2])
    if text.count(":") > 1:
        return str(ipaddress.IPv6Address(text)), None
    host, colon, port = text.partition(":")
    return _host(host), _port(port if colon else None)


def _host(text: str) -> str:
    if text.rpartition(".")[2].isdecimal():  # nothing but an IPv4 address ends in a number
        return str(ipaddress.IPv4Address(text))
    if len(text) > 253 or not _HOST.fullmatch(text):
        raise ValueError(f"not a host: {text!r}")
    return text.lower()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise ValueError(f"not a port: {text!r}")
    return int(text)


def _web(text: str, what: str) -> str:
    """``text`` with its scheme in lower case, if it is an http(s) address that can be asked for."""
    if len(text.encode("utf-8", "replace")) > _URL_OCTETS:
        raise BadValue(((), f"expected at most {_URL_OCTETS} octets, got {len(text)} characters"))
    if _BLANK.search(text):
        raise expected("an address without blanks", text)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and _names_host(parts)
    except ValueError:  # a port out of range, a bracket left open
        raise expected(what, text) from None
    if not fits:
        raise expected(what, text)
    if "@" in parts.netloc:
        raise BadValue(
            (
                (),
                "a user name or password does not belong in an address, which is shown to others: "
                'use headers.Authorization = {env = "NAME"}',
            )
        )
    return parts.scheme + text[len(parts.scheme) :]


def _names_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:
        ipaddress.IPv6Address(host)
    elif not _HOST_CHARS.fullmatch(host):
        return False
    return parts.port != 0
