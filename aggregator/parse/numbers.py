"""Numbers as feeds write them. What is no number is None, never a guess."""

from __future__ import annotations

import re

_LARGEST = 2**53  # the largest whole number that JSON readers keep exactly
_MANY_DIGITS = 600  # the least that Python can be told to refuse more than
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,4}):([0-9]{1,2}(?:\.[0-9]{1,9})?)", re.ASCII)


def json_whole(digits: str) -> int | float:
    """A whole number of JSON, for `json`'s ``parse_int``. Python refuses to read thousands of digits, and
    with them the document; as a float they are infinite, which no field takes."""
    return int(digits) if len(digits) <= _MANY_DIGITS else float(digits)


def whole(text: str | None) -> int | None:
    """A count or size in bytes: digits only, from 0 to 2**53."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        return None
    value = int(text)
    return value if value <= _LARGEST else None


def duration(text: str | None) -> float | None:
    """Seconds, out of seconds, "m:s" or "h:m:s"."""
    text = (text or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])
