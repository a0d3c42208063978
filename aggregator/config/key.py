"""One key of feeds.toml: how it is read, what it fills, and what the manual says of it."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.config.values import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. ``field`` names the dataclass field that takes what ``read`` gives; ``example`` is
    TOML text, ``default`` TOML text or words."""

    name: str
    field: str
    type: str
    default: str
    meaning: str
    example: str
    read: Reader
