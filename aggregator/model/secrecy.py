"""What of an address is nobody's business but the operator's: credentials, and parameters that are keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit, urlunsplit

from aggregator.model.source import SourceMeta

HIDDEN = "***"
_LONG = 8  # characters: what is shorter stands in an address by chance

_KEY = re.compile(
    r"(?:^|[_.-])(?:(?:api|app|access|private|feed|user|auth)[_-]?key|key|"
    r"(?:access|api|auth|feed|private|user|session)?[_-]?token|auth|authorization|jwt|"
    r"secret|pass|passwd|password|pwd|sig|signature|credentials?|session[_-]?id|sid)$",
    re.IGNORECASE,
)


def without_secrets(url: str) -> str | None:
    """The address without user name and password, and with the value of each parameter that is named like a
    key hidden; None for what is no address of http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unclosed "[" in the host
        return None
    if parts.scheme not in ("http", "https"):
        return None
    query = "&".join(_shown(pair) for pair in parts.query.split("&"))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def _shown(pair: str) -> str:
    return f"{pair.partition('=')[0]}={HIDDEN}" if _is_key(pair) else pair


def _is_key(pair: str) -> bool:
    name, equals, value = pair.partition("=")
    return bool(equals and value and _KEY.search(unquote(name)))


def keys_of(asked: Iterable[str | None]) -> frozenset[str]:
    """The keys in addresses of ours: what no address that we give out may tell."""
    return frozenset(key for url in asked if url for key in _keys(url))


def discreet(meta: SourceMeta, asked: Iterable[str | None]) -> SourceMeta:
    """``meta`` without the addresses that give away a key of one of those that were ``asked``. A server may
    make them of our own request; other parameters named like keys are its own, and for everybody."""
    keys = keys_of(asked)
    if not keys:
        return meta
    image = meta.image
    if image is not None:
        image = None if _tells(image.url, keys) else replace(image, link=_untold(image.link, keys) or "")
    return replace(meta, link=_untold(meta.link, keys), icon=_untold(meta.icon, keys), image=image)


def without_query(url: str, asked: str | None) -> str:
    """``url``, without its query where that gives away a key of the address that was ``asked``: a reference
    to a place within the document is the whole address of the document."""
    keys = keys_of((asked,))
    return urlunsplit(urlsplit(url)._replace(query="")) if keys and _tells(url, keys) else url


def _untold(url: str | None, keys: Collection[str]) -> str | None:
    return None if url and _tells(url, keys) else url


def _tells(url: str, keys: Collection[str]) -> bool:
    plain = unquote(url)
    return any(len(key) >= _LONG and key in plain for key in keys) or not set(_keys(url)).isdisjoint(keys)


def _keys(url: str) -> Iterator[str]:
    """The values of the parameters that are named like keys."""
    query = url.partition("#")[0].partition("?")[2]
    return (unquote(pair.partition("=")[2]) for pair in query.split("&") if _is_key(pair))
