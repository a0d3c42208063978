"""Fields of JSON records, found by the JMESPath of the configuration.

A field is an expression on the record, or a text with expressions in braces:

    title = "title"
    link = "https://portal.example/share?id={infoCode}"

It is such a template if it holds a "{" and either begins with "http://", "https://" or "/", or is no
JMESPath; so ``{id}`` is a template and ``{title: name}`` JMESPath. Values put into addresses are quoted.
A template without a value for each of its expressions gives nothing. A template of articles that begins
with "file:" names files of the operator: what is put into it must be part of a file's name and no more, so
that no record leads out of the folder that the template names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote as quoted

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from aggregator.errors import SelectorError
from aggregator.parse.elements import absolute, is_http

_FORMAT = "api"
_ADDRESS = ("http://", "https://", "/")
_FILE = "file:"
_PART_OF_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")  # no slash, and nothing with ".." in front
_BRACES = re.compile(r"\{([^{}]*)\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGEST = 10**40

# What evaluating an expression on hostile data may raise: functions check their arguments' types, but
# not what is inside of them.
_FAULTS = (JMESPathError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Template:
    """``texts`` stand around the ``expressions``: one more than these."""

    texts: tuple[str, ...]
    expressions: tuple[ParsedResult, ...]


def check(text: str, *, template: bool = True) -> None:
    """Raises ValueError with a short reason if ``text`` is neither JMESPath nor, where such is allowed,
    a template of it."""
    compiled = _compiled(text) if template else _expression(text)
    for one in compiled.expressions if isinstance(compiled, _Template) else (compiled,):
        _check_functions(one.parsed)


def evaluated(field: str, record: object, *, quote: bool) -> Any:
    """What an expression or template gives for a record; None where it cannot be evaluated. Raises
    `SelectorError` for what is neither."""
    try:
        compiled = _compiled(field)
    except ValueError as error:
        raise SelectorError(f"{error}", format=_FORMAT) from None
    if not isinstance(compiled, _Template):
        return _search(compiled, record)
    filled = [compiled.texts[0]]
    for expression, text in zip(compiled.expressions, compiled.texts[1:], strict=True):
        part = next(strings(_search(expression, record)), None)
        if part is None or (field.startswith(_FILE) and not _PART_OF_NAME.fullmatch(part)):
            return None
        filled += [quoted(part, safe="") if quote else part, text]
    return "".join(filled)


def searched(path: str, record: object) -> Any:
    """What an expression, no template, gives for a record. Raises `SelectorError` for what is none."""
    try:
        return _search(_expression(path), record)
    except ValueError as error:
        raise SelectorError(f"{error}", format=_FORMAT) from None


def first(record: object, field: str | None, *, quote: bool = False) -> str | None:
    """The first string that a field gives; None for no field, and where it gives none."""
    if field is None:
        return None
    return next(strings(evaluated(field, record, quote=quote)), None)


def several(record: object, field: str | None) -> tuple[str, ...]:
    """The strings that a field gives, each once."""
    return () if field is None else tuple(dict.fromkeys(strings(evaluated(field, record, quote=False))))


def link(record: object, template: str, base: str | None) -> str | None:
    """The address that a template or expression gives for a record, absolute; None where it gives none."""
    return absolute(first(record, template, quote=True), base)


def article_url(record: object, template: str, base: str) -> str | None:
    """The address of a record's article: a file where the template itself says so, and only then."""
    if template.startswith(_FILE):
        return first(record, template, quote=True)
    found = link(record, template, base)
    return found if is_http(found) else None


def strings(found: object) -> Iterator[str]:
    """What was found, or each of a list, as far as it is a string or a number."""
    for one in found if isinstance(found, list) else (found,):
        if text := scalar(one):
            yield text


def scalar(found: object) -> str | None:
    """A string without blanks around it, or a number as one. Half characters, which JSON can write but
    nothing can store, are replaced."""
    if isinstance(found, bool):
        return None
    if isinstance(found, float):
        if not math.isfinite(found):
            return None
        found = int(found) if found.is_integer() else str(found)
    if isinstance(found, int):
        found = str(found) if abs(found) < _LARGEST else ""
    return (_SURROGATE.sub("\ufffd", found).strip() or None) if isinstance(found, str) else None


def _search(expression: ParsedResult, record: object) -> Any:
    try:
        return expression.search(record)
    except _FAULTS:
        return None


@lru_cache(maxsize=1024)
def _compiled(field: str) -> _Template | ParsedResult:
    if "{" not in field:
        return _expression(field)
    if not field.startswith(_ADDRESS):
        try:
            return _expression(field)
        except ValueError:
            pass
    parts = _BRACES.split(field)
    texts = tuple(parts[::2])
    if any("{" in text or "}" in text for text in texts):
        raise ValueError(f'braces that do not match: "{field}"')
    return _Template(texts, tuple(_expression(one) for one in parts[1::2]))


@lru_cache(maxsize=1024)
def _expression(text: str) -> ParsedResult:
    try:
        return jmespath.compile(text)
    except (JMESPathError, LookupError, RecursionError):
        raise ValueError(f'no JMESPath: "{text}"') from None


def _check_functions(node: Any) -> None:
    if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        raise ValueError(f"JMESPath has no function {node['value']}()")
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child)
