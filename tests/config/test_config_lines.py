"""Where keys stand: the index agrees with tomllib on what the keys are, and never fails."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.lines import KeyPath, Lines

SAMPLE = '''# a remark with [brackets] and "quotes
title = "x"   # 2

[site]        # 4
a.b.c = 1
"quoted key" = 'its' # 6
'literal' = """
multi = 1
\\"""
[not.a.table]
"""           # 11
after = 12

[[source]]
name = "one"
headers = {A = "}", "B C" = {env = "X"}}
list = [
  "a", # ]
  [1, 2,
   {x = 20}],
  2026-01-01 10:00:00,
]
[source.more]
key = 1.5

[[source]]
name = \'\'\'
two\'\'\'
[[source.deep]]
z = 30
[[source.deep]]
z = 32
'''

EXPECTED: list[tuple[KeyPath, int]] = [
    (("title",), 2),
    (("site",), 4),
    (("site", "a", "b", "c"), 5),
    (("site", "quoted key"), 6),
    (("site", "literal"), 7),
    (("site", "after"), 12),
    (("source",), 14),
    (("source", 0, "name"), 15),
    (("source", 0, "headers", "A"), 16),
    (("source", 0, "headers", "B C", "env"), 16),
    (("source", 0, "list", 0), 18),
    (("source", 0, "list", 1, 1), 19),
    (("source", 0, "list", 1, 2, "x"), 20),
    (("source", 0, "list", 2), 21),
    (("source", 0, "more"), 23),
    (("source", 0, "more", "key"), 24),
    (("source", 1), 26),
    (("source", 1, "name"), 27),
    (("source", 1, "deep", 0, "z"), 30),
    (("source", 1, "deep", 1), 31),
    (("source", 1, "deep", 1, "z"), 32),
    (("source", 1, "absent", "key"), 26),
    (("nowhere",), 0),
]


@pytest.mark.parametrize(("path", "line"), EXPECTED)
def test_each_key_has_its_line(path: KeyPath, line: int) -> None:
    assert Lines(SAMPLE).of(path) == line


def test_windows_line_ends_count_once() -> None:
    assert Lines("a = 1\r\n\r\nb = 2\r\n").of(("b",)) == 3


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    """The path of every key and element in a decoded TOML value."""
    if isinstance(value, dict):
        steps: list[tuple[str | int, Any]] = list(value.items())
    else:
        steps = list(enumerate(value)) if isinstance(value, list) else []
    return [place for step, inner in steps for place in ((*path, step), *paths(inner, (*path, step)))]


def test_every_key_that_tomllib_finds_is_indexed() -> None:
    lines = Lines(SAMPLE)
    missing = [path for path in paths(tomllib.loads(SAMPLE)) if path not in lines._found]
    assert missing == []


@given(st.text(alphabet="ab=.,[]{}'\"\\#\n 1", max_size=60))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    lines = Lines(text)
    assert 1 <= lines.last_statement <= text.count("\n") + 1
    try:
        decoded = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert all(path in lines._found for path in paths(decoded))
