"""docs/elements.md against the code: every element that is read has its row, and rows promise no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.parse import atom, cdf, extensions, rss

PAGE = Path(__file__).parents[2] / "docs" / "elements.md"
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [a-z]+\.", line)
]
NAMES = [row[0].lower() for row in ROWS]


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(NAMES) > 150
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_what_becomes_of_it_in_each_format(row: list[str]) -> None:
    assert len(row) == 6
    for cell in row[3:]:
        assert re.match(r"(preserved|mapped|dropped): \S", cell), cell


def handled(table: dict[str, extensions.Handler], prefix: str) -> set[str]:
    return {name.partition(":")[2] for name in table if name.startswith(prefix + ":")}


@pytest.mark.parametrize(
    ("start", "elements"),
    [
        ("rss.item.", handled(rss.ITEM, "rss")),
        ("rss.channel.", handled(rss.CHANNEL, "rss")),
        ("atom.entry.", handled(atom.ENTRY, "atom")),
        ("atom.feed.", handled(atom.FEED, "atom")),
    ],
)
def test_every_element_that_is_read_has_a_row(start: str, elements: set[str]) -> None:
    assert {start + element for element in elements} <= set(NAMES)


def test_every_module_that_is_read_has_a_row() -> None:
    wanted = {f"module.{name.replace('?', 'other').replace(':', '.').lower()}" for name in extensions.MODULES}
    named = set(NAMES) | {name.replace("module.feed.", "module.") for name in NAMES}
    assert wanted <= named


def test_every_namespace_that_is_passed_on_has_a_row() -> None:
    assert {f"module.{prefix}.any".lower() for prefix in extensions.KEPT} <= set(NAMES)


def test_cdf_elements_have_rows() -> None:
    own = handled(cdf.HANDLERS, "cdf") - {"a"}  # described with HREF
    assert {f"cdf.item.{element}" for element in own} <= set(NAMES)


def test_a_row_that_keeps_something_of_an_element_has_a_reader() -> None:
    tables = {
        "rss.item.": rss.ITEM,
        "rss.channel.": rss.CHANNEL,
        "atom.entry.": atom.ENTRY,
        "atom.feed.": atom.FEED,
    }
    beside = {"about", "lang", "base", "item", "empty"}  # attributes and structure
    for row in ROWS:
        for start, table in tables.items():
            element = row[0].removeprefix(start).lower()
            if row[0].startswith(start) and row[2] != "nothing" and element.split("-")[0] not in beside:
                prefix = start.partition(".")[0]
                assert {f"{prefix}:{element}", f"{prefix}:{element.split('-')[0]}"} & set(table), row[0]
