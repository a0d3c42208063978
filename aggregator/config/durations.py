"""Durations ("15m", "1h30m", "500ms") and sizes ("15MiB"), read and written.

A bare number is refused in both: whether 15 means seconds or minutes is what operators get wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache

_UNITS = (("w", 604800.0), ("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001))
_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,6})?)"
_DURATION = re.compile("".join(rf"(?:{_NUMBER}{unit}(?![a-z]))?" for unit, _ in _UNITS))
_SIZES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_SIZE = re.compile(rf"{_NUMBER}({'|'.join(_SIZES)})")


@lru_cache(maxsize=256)
def parse_duration(text: str) -> float:
    """Seconds of "2d", "1h30m", "1.5h", "500ms": units w, d, h, m, s, ms, each at most once, largest
    first, no spaces. ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"not a duration: {text!r}")
    parts = zip(match.groups(), _UNITS, strict=True)
    return sum(float(number) * seconds for number, (_, seconds) in parts if number is not None)


def format_duration(seconds: float) -> str:
    """The shortest form that `parse_duration` reads back, to the millisecond: 5400 -> "1h30m"."""
    left = round(seconds * 1000)
    parts = []
    for unit, size in _UNITS[1:]:  # weeks would surprise whoever wrote "14d"
        count, left = divmod(left, round(size * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """Bytes of "15MiB" (1024 based), "10MB" (1000 based), "512KiB", "1.5GiB", "800B", to the
    nearest byte. ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a size: {text!r}")
    return round(float(match[1]) * _SIZES[match[2]])


def format_size(size_bytes: int) -> str:
    """The largest unit that writes the size as a whole number: 15728640 -> "15MiB"."""
    for unit, size in sorted(_SIZES.items(), key=lambda pair: -pair[1]):
        if size_bytes >= size and size_bytes % size == 0:
            return f"{size_bytes // size}{unit}"
    return f"{size_bytes}B"
