"""Request headers of a source, whose values may be secrets that are kept elsewhere, and our server's token.

No message repeats a header's value: a token pasted in the wrong place should not reach a log.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aggregator.config.lines import KeyPath
from aggregator.config.values import BadValue, expected, show

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TOKEN = re.compile(r"[\x21-\x7e]{16,}")
_FORMS = 'expected a string, {env = "NAME"} or {file = "path"}'
# Ours to send: they decide how an answer is framed, decoded or compared with the last one.
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Where secrets are looked up. ``read_file`` takes an absolute path and gives text, or raises
    OSError or UnicodeDecodeError; None means that no file may be read here."""

    env: Mapping[str, str]
    directory: str
    read_file: Callable[[str], str] | None

    def reveal(self, raw: dict[str, object]) -> dict[str, str]:
        """Headers by name, of values that are strings, {env = "NAME"} or {file = "path"}. BadValue
        names everything wrong with any of them."""
        faults: list[tuple[KeyPath, str]] = []
        found: dict[str, str] = {}
        seen: dict[str, str] = {}
        for name, value in raw.items():
            if not _NAME.fullmatch(name):
                faults.append(((name,), "expected the name of a header (RFC 9110 section 5.6.2)"))
            elif name.lower() in _OURS:
                faults.append(((name,), "this header is the aggregator's own to send"))
            elif (twin := seen.setdefault(name.lower(), name)) != name:
                faults.append(((name,), f"the same header as {twin}"))
            try:
                found[name] = self._value(value)
            except BadValue as bad:
                faults.extend(((name, *at), text) for at, text in bad.faults)
        if faults:
            raise BadValue(*faults)
        return found

    def token(self, raw: object) -> str:
        """A token in the same forms. BadValue, which does not repeat it, when it is easily guessed or no
        header can carry it."""
        if not isinstance(raw, str | dict):  # a number in lack of quotes may be one
            raise BadValue(((), f"{_FORMS} (what is there is not shown)"))
        text = self._value(raw)
        if not _TOKEN.fullmatch(text):
            what = "at least 16 characters of printable ASCII without blanks"
            raise BadValue(((), f"expected {what} (the value is not shown)"))
        return text

    def _value(self, raw: object) -> str:
        if isinstance(raw, str):
            return _text(raw)
        if isinstance(raw, dict) and len(raw) == 1:
            ((place, name),) = raw.items()
            if isinstance(name, str) and name.strip() and "\0" not in name:
                if place == "env":
                    return _secret(f"environment variable {name}", self.env.get(name))
                if place == "file":
                    return _secret(f"file {show(name)}", self._read(name))
        found = "a table of another form" if isinstance(raw, dict) else show(raw)
        raise BadValue(((), f"{_FORMS}, got {found}"))

    def _read(self, path: str) -> str:
        if self.read_file is None:
            raise BadValue(((), "a secret in a file cannot be read here"))
        try:
            return self.read_file(os.path.normpath(os.path.join(self.directory, path)))
        except UnicodeDecodeError:
            raise BadValue(((), f"the file {show(path)} is not text")) from None
        except OSError as error:
            raise BadValue(((), f"the file {show(path)} cannot be read: {error.strerror}")) from None


def table(raw: object) -> dict[str, object]:
    """``raw`` if it is a table; `Keeper` reads what is in it, since that takes the environment."""
    if not isinstance(raw, dict):
        raise expected('a table such as {Accept-Language = "en"}', raw)
    return raw


def secret(raw: object) -> object:
    """``raw`` as it is; `Keeper` reads it, since that takes the environment."""
    return raw


def merge(base: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """``base`` with ``own`` over it. Names are compared without case (RFC 9110 section 5.1)."""
    replaced = {name.lower() for name in own}
    return {name: value for name, value in base.items() if name.lower() not in replaced} | own


def _secret(place: str, text: str | None) -> str:
    """A secret found at ``place``, without the line break an editor leaves at a file's end."""
    if text is None:
        raise BadValue(((), f"the {place} is not set"))
    if not text.strip():
        raise BadValue(((), f"the {place} is empty"))
    try:
        return _text(text.strip())
    except BadValue as bad:
        raise BadValue(((), f"the {place}: {bad}")) from None


def _text(text: str) -> str:
    """``text`` without blanks round it, if a header can carry it (RFC 9110 section 5.5)."""
    text = text.strip(" \t")
    if not _VALUE.fullmatch(text):
        raise BadValue(((), "expected printable ASCII on one line (the value is not shown)"))
    return text
