"""Where each key of a TOML text stands, for messages: tomllib gives values without positions.

A scanner, not a parser: it trusts tomllib to have judged the text, so on TOML that is not well-formed
it only promises to end. It is run when there is something to report, never for a good configuration.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<skip> [^\S\n]+ | \#[^\n]* )
  | (?P<newline> \n )
  | (?P<string> \"{3} (?: [^"\\] | \\[\s\S] | "{1,2}(?!") )* "{3,5}
              | '{3} (?: [^'] | '{1,2}(?!') )* '{3,5}
              | \"{3} [\s\S]* | '{3} [\s\S]*
              | " (?: [^"\\\n] | \\[^\n] )* "?
              | ' [^'\n]* '? )
  | (?P<mark> [\[\]{}=,.] )
  | (?P<bare> [^\s\[\]{}=,."'\#]+ | . )
    """,
    re.VERBOSE,
)
_END = ("end", "", 0)


class Lines:
    """The 1-based line of every key, table and array element of ``text``.

    Paths look like ("source", 3, "headers", "Accept"): names, and indexes into arrays.
    ``last_statement`` is the line where the last key or table header begins: what tomllib calls "end
    of document" is mostly a bracket or quote that was opened there.
    """

    def __init__(self, text: str) -> None:
        self.last_statement = 1
        self._found: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}  # arrays of tables: how many so far
        breaks = [match.start() for match in re.finditer("\n", text)]
        self._tokens = [
            (match.lastgroup or "bare", match[0], bisect_left(breaks, match.start()) + 1)
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "skip"
        ]
        self._at = 0
        self._document()

    def of(self, path: KeyPath) -> int:
        """The line of ``path``, or of what is nearest above it; 0 when not even that is written."""
        while path and path not in self._found:
            path = path[:-1]
        return self._found.get(path, 0)

    def _peek(self, ahead: int = 0) -> tuple[str, str, int]:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _take(self, text: str) -> bool:
        """Steps over the mark or line break ``text`` if it comes next."""
        kind, found, _ = self._peek()
        if found != text or kind not in ("mark", "newline"):
            return False
        self._at += 1
        return True

    def _document(self) -> None:
        table: KeyPath = ()
        while (token := self._peek())[0] != "end":
            if self._take("\n"):
                continue
            self.last_statement = token[2]
            if token[:2] == ("mark", "["):
                table = self._header()
            else:
                self._assignment(table)
            while self._peek()[0] not in ("newline", "end"):
                self._at += 1

    def _header(self) -> KeyPath:
        line = self._peek()[2]
        self._at += 1
        many = self._take("[")
        path: KeyPath = ()
        names = self._key()
        for place, name in enumerate(names, 1):
            path = (*path, name)
            self._found.setdefault(path, line)
            if many and place == len(names):
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:  # a header speaks of the table that was begun last
                path = (*path, self._tables[path] - 1)
                self._found.setdefault(path, line)
        if not many:  # its own header, though a table below it may have come first
            self._found[path] = line
        return path

    def _assignment(self, table: KeyPath) -> None:
        line = self._peek()[2]
        path = table
        for name in self._key():
            path = (*path, name)
            self._found.setdefault(path, line)
        if self._take("="):
            self._value(path)

    def _key(self) -> tuple[str, ...]:
        names = []
        while (token := self._peek())[0] in ("bare", "string"):
            names.append(_name(token[1]))
            self._at += 1
            if not self._take("."):
                break
        return tuple(names)

    def _value(self, path: KeyPath) -> None:
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            while self._peek()[0] != "end" and not self._take("}"):
                before = self._at
                self._assignment(path)
                if not self._take(",") and self._at == before:
                    self._at += 1
        else:
            while (token := self._peek())[0] not in ("newline", "end") and token[:2] not in (
                ("mark", ","),
                ("mark", "]"),
                ("mark", "}"),
            ):
                self._at += 1

    def _array(self, path: KeyPath) -> None:
        place = 0
        while self._peek()[0] != "end" and not self._take("]"):
            if self._take("\n"):
                continue
            before = self._at
            self._found.setdefault((*path, place), self._peek()[2])
            self._value((*path, place))
            if self._take(","):
                place += 1
            elif self._at == before:
                self._at += 1


def _name(token: str) -> str:
    """The key that a bare or quoted token spells."""
    if token[:1] not in ("'", '"'):
        return token
    try:
        return str(tomllib.loads(f"key = {token}")["key"])
    except ValueError:  # not well-formed: only its line is of use
        return token
