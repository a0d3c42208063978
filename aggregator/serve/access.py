"""Who may see what is served: everybody, or who knows the token. Pure functions.

Whatever a request has in place of a token is one that is wrong, never an error. None is told, logged or
counted but as an answer with 401.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

CHALLENGE = 'Basic realm="aggregator", charset="UTF-8"'  # RFC 7617
OPEN = frozenset({"/healthz", "/readyz"})  # routes that whoever watches us need not know a token for

Way = Literal["header", "query"]


def way(token: str, authorization: Sequence[str], query: str) -> Way | None:
    """How a request told ``token``, None if it did not. ``authorization`` are all its headers of that name
    (the token is Basic's password or Bearer's), ``query`` is its query as sent (`token=…`). What is given
    twice is not looked at. Takes the same time whichever octet of a wrong token differs."""
    wanted = sha256(token.encode()).digest()
    given: dict[Way, bytes | None] = {"header": _credential(authorization), "query": _parameter(query)}
    for each, found in given.items():
        if found is not None and hmac.compare_digest(sha256(found).digest(), wanted):
            return each
    return None


def with_token(path: str, token: str) -> str:
    """``path``, which has no query, for somebody who tells the token there."""
    return f"{path}?token={quote(token, safe='')}"


def private(cache_control: str | None) -> str:
    """``Cache-Control`` of what only some may see."""
    said = [each.strip() for each in (cache_control or "").split(",")]
    return ", ".join(["private", *(each for each in said if each not in ("", "public"))])


def varied(vary: str | None) -> str:
    """``Vary`` of what only some may see, for caches that keep it all the same."""
    return f"{vary}, Authorization" if vary else "Authorization"


def _credential(values: Sequence[str]) -> bytes | None:
    if len(values) != 1:
        return None
    scheme, _, told = values[0].strip().partition(" ")
    octets = _octets(told.strip())
    if scheme.lower() == "bearer":
        return octets
    if scheme.lower() != "basic":
        return None
    try:
        _user, colon, password = b64decode(octets, validate=True).partition(b":")
    except ValueError:
        return None
    return password if colon else None


def _parameter(query: str) -> bytes | None:
    """No token has a blank, so a plus sign is one."""
    pairs = [each.partition("=") for each in query.split("&")]
    values = [value for name, _, value in pairs if name == "token"]
    return unquote_to_bytes(_octets(values[0])) if len(values) == 1 else None


def _octets(text: str) -> bytes:
    """Of any text, also where octets that are no UTF-8 became halves of characters."""
    return text.encode("utf-8", "surrogatepass")
