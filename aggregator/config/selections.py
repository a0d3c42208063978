"""What a source of kind "page" or "api" selects, and how its listing goes on: tables within a [[source]].

What reads HTML and JSONPath's like is loaded with the first source that needs it: deferred, because
most configurations have none.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from aggregator.config.lines import KeyPath
from aggregator.config.values import BadValue, closest, duration, expected, flag, integer, show, string
from aggregator.model.source import Article, Clean, Paging, Select

_FIELDS = tuple(field.name for field in fields(Select) if field.name not in ("items", "article"))
_ITEMS = {"page": "item", "api": "items"}  # the key of the list itself, by kind
_PAGING: dict[str, Callable[[object], Any]] = {
    "limit": integer(1, 100),
    "next": lambda raw: string(raw, "a selector or an expression"),
    "parameter": lambda raw: string(raw, "the name of a query parameter"),
    "start": integer(0, 1_000_000),
    "step": integer(1, 1_000_000),
}


def table(raw: object) -> dict[str, object]:
    """``raw`` if it is a table; `select` and `paging` read what is in it."""
    if not isinstance(raw, dict):
        raise expected('a table such as {item = "li"}', raw)
    return raw


def select(kind: str, raw: Mapping[str, object]) -> Select:
    """The selections of a source of kind "page" or "api". BadValue names everything wrong."""
    items = _ITEMS[kind]
    faults: list[tuple[KeyPath, str]] = []
    found: dict[str, str] = {}
    for name, value in raw.items():
        if name != items and name not in _FIELDS:
            near = _ITEMS["api" if kind == "page" else "page"]
            hint = f'; did you mean "{items}"?' if name == near else closest(name, (items, *_FIELDS))
            faults.append(((name,), f"unknown key{hint}"))
            continue
        if not isinstance(value, str) or (name == items and not value.strip()):
            faults.append(((name,), f"expected {_WANTED[kind]}, got {show(value)}"))
            continue
        try:
            _check(kind, value, items=name == items)
        except ValueError as error:
            faults.append(((name,), f"expected {_WANTED[kind]}: {error}"))
        found["items" if name == items else name] = value
    if items not in raw:
        faults.append(((), f'expected "{items}", which finds the items, got none'))
    if faults:
        raise BadValue(*faults)
    return Select(**found)


def paging(kind: str, raw: Mapping[str, object]) -> Paging:
    """How a listing goes on. BadValue names everything wrong."""
    faults: list[tuple[KeyPath, str]] = []
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _PAGING:
            faults.append(((name,), f"unknown key{closest(name, _PAGING)}"))
            continue
        try:
            found[name] = _PAGING[name](value)
            if name == "next":
                _check(kind, found[name])
        except BadValue as bad:
            faults.extend(((name, *at), text) for at, text in bad.faults)
        except ValueError as error:
            faults.append(((name,), f"expected {_WANTED[kind]}: {error}"))
    if "next" in raw and "parameter" in raw:
        faults.append((("parameter",), "expected either next or parameter, got both"))
    if "limit" in found and found["limit"] > 1 and not {"next", "parameter"} & raw.keys():
        faults.append((("limit",), "expected next or parameter beside it"))
    if faults:
        raise BadValue(*faults)
    if found and "limit" not in found:
        found["limit"] = DEFAULT_PAGES
    return Paging(**found)


def clean(raw: object) -> Clean:
    """What is taken out of texts. BadValue names everything wrong."""
    faults: list[tuple[KeyPath, str]] = []
    found: dict[str, Any] = {}
    for name, value in table(raw).items():
        try:
            if name in ("remove", "unwrap"):
                found[name] = _selectors(value)
            elif name == "replace":
                found[name] = _pairs(value)
            elif name == "drop_empty":
                found[name] = flag(value)
            else:
                near = closest(name, ("remove", "unwrap", "replace", "drop_empty"))
                raise BadValue(((), f"unknown key{near}"))
        except BadValue as bad:
            faults.extend(((name, *at), text) for at, text in bad.faults)
    if faults:
        raise BadValue(*faults)
    return Clean(**found)


def full_text(raw: object) -> bool:
    """Whether articles are found without a selector, which needs a library that is not always there."""
    wanted = flag(raw)
    if wanted and importlib.util.find_spec("trafilatura") is None:
        raise BadValue(((), "this needs trafilatura; pip install 'aggregator[fulltext]'"))
    return wanted


def article(kind: str, raw: Mapping[str, object], *, full: bool = False) -> tuple[Article, str | None]:
    """How articles are asked for, and the template of their addresses; ``full``: their text is found
    without a selector. BadValue names everything wrong."""
    faults: list[tuple[KeyPath, str]] = []
    found: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            if name == "url" and kind == "api":
                found[name] = string(value, _WANTED[kind])
                _check(kind, found[name])
            elif name == "content":
                found[name] = string(value, _WANTED[kind])
                _check_content(kind, found[name])
            elif name == "remove":
                found[name] = _selectors(value)
            elif name == "wait":
                found["wait_s"] = duration("0s", "7d", "10m")(value)
            elif name == "limit":
                found[name] = integer(1, 1000)(value)
            else:
                near = closest(name, ("url", "content", "remove", "wait", "limit"))
                raise BadValue(((), 'only for kind "api"' if name == "url" else f"unknown key{near}"))
        except BadValue as bad:
            faults.extend(((name, *at), text) for at, text in bad.faults)
        except ValueError as error:
            faults.append(((name,), f"expected {_WANTED[kind]}: {error}"))
    if "content" not in raw and not full:
        faults.append(((), 'expected "content", which finds the text of the article, or full_text, got none'))
    if faults:
        raise BadValue(*faults)
    return Article(**{name: value for name, value in found.items() if name != "url"}), found.get("url")


def _check_content(kind: str, text: str) -> None:
    """An API's articles are JSON or pages: what finds their text is an expression or a selector."""
    if kind == "api":
        try:
            _check("api", text, items=True)
        except ValueError:
            pass
        else:
            return
    _check("page", text, items=True)


def _selectors(raw: object) -> tuple[str, ...]:
    wanted = 'a CSS selector, or a list such as ["script", ".advert"]'
    found = [raw] if isinstance(raw, str) else raw
    if not isinstance(found, list) or not all(isinstance(each, str) and each.strip() for each in found):
        raise expected(wanted, raw)
    for each in found:
        try:
            _check("page", each, items=True)
        except ValueError as error:
            raise BadValue(((), f"expected {wanted}: {error}")) from None
    return tuple(found)


def _pairs(raw: object) -> tuple[tuple[str, str], ...]:
    """Texts to be replaced: a list of [old, new], none of the old ones empty."""
    if not isinstance(raw, list):
        raise expected('a list of pairs such as [["old", "new"]]', raw)
    for pair in raw:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)):
            raise expected('a list of pairs such as [["old", "new"]]', raw)
        if not pair[0]:
            raise BadValue(((), "expected a text to be replaced, got an empty one"))
    return tuple((old, new) for old, new in raw)


DEFAULT_PAGES = 5  # read a poll where a source says how its listing goes on, and not how far
_WANTED = {
    "feed": "a CSS selector",
    "page": "a CSS selector, with @attribute behind it for an attribute",
    "api": "a JMESPath expression, or a text with {expressions} in it",
}


def _check(kind: str, text: str, *, items: bool = False) -> None:
    """Raises ValueError for what cannot be used; ``items``: it finds elements or records, not values."""
    if kind == "api":
        from aggregator.parse import expressions

        expressions.check(text, template=not items)
    else:
        from aggregator.parse.page import check_selector

        check_selector(text, element=items)
