"""What is wrong with a configuration, collected by key path and worded for its operator.

Lines are looked up when there is something to say, so a good configuration never pays for them.
"""

from __future__ import annotations

from typing import Any

from aggregator.config.lines import KeyPath, Lines
from aggregator.config.schema import SECTIONS
from aggregator.config.values import closest, show
from aggregator.errors import Problem


class Findings:
    """Problems found in the tables ``raw``. Falsy while there are none."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._found: list[tuple[KeyPath, str, KeyPath]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: KeyPath, text: str, *, see: KeyPath = ()) -> None:
        """Notes ``text`` about the key at ``path``. ``see`` is another key, whose line is added."""
        self._found.append((path, text, see))

    def problems(self, text: str, file: str) -> tuple[Problem, ...]:
        """All of them in the order of their lines in ``text``."""
        lines = Lines(text)
        found = [
            Problem(
                file=file,
                line=lines.of(path),
                where=self._where(path),
                text=f"{said} at line {lines.of(see)}" if see else said,
            )
            for path, said, see in self._found
        ]
        return tuple(sorted(found, key=lambda problem: problem.line))

    def _where(self, path: KeyPath) -> str:
        """'source "acme": every' for ("source", 3, "every"); a source without a name is numbered."""
        head, rest = str(path[0]), path[1:]
        if head == "source" and rest:
            head, rest = self._source(int(rest[0])), rest[1:]
        elif head == "export" and rest:
            head, rest = f"export {int(rest[0]) + 1}", rest[1:]
        elif head == "category" and rest:
            head, rest = f"category {show(rest[0])}", rest[1:]
        names = ".".join(_key(step) for step in rest if isinstance(step, str))
        return f"{head}: {names}" if names else head

    def _source(self, place: int) -> str:
        table = self._raw["source"][place]
        name = table.get("name") if isinstance(table, dict) else None
        return f"source {show(name)}" if isinstance(name, str) else f"source {place + 1}"


def unknown(name: str, raw: object, section: str, path: KeyPath) -> str:
    """What to say of key ``name``, which ``section`` does not have."""
    if section == "category" and isinstance(raw, dict) and name not in SECTIONS["source"]:
        return f'unknown key; a category below this one is written [category."{path[1]}/{name}"]'
    homes = [_written(other) for other, keys in SECTIONS.items() if name in keys]
    if homes:
        return f"unknown key here; it belongs in {' or '.join(homes)}"
    return f"unknown key{closest(name, SECTIONS[section])}"


def unknown_section(name: str, raw: object) -> str:
    """What to say of ``name``, which stands outside every section."""
    if isinstance(raw, dict | list):
        return f"unknown section{closest(name, SECTIONS)}"
    homes = [_written(section) for section, keys in SECTIONS.items() if name in keys]
    if homes:
        return f"unknown key here; it belongs in {' or '.join(homes)}"
    return f"unknown key{closest(name, {key for keys in SECTIONS.values() for key in keys})}"


def _written(section: str) -> str:
    return {"source": "[[source]]", "category": "[category.NAME]"}.get(section, f"[{section}]")


def _key(name: str) -> str:
    """A key as a message shows it: quoted when it is not plain."""
    return name if name.replace("-", "").replace("_", "").isalnum() else show(name)
