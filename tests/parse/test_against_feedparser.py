"""Every document of ours, and of the corpus of real feeds, read by feedparser too: where the two
differ in a field, either the difference is explained or somebody is wrong."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests.parse import feedparser_fields as fields
from tests.parse.feedparser_differences import DIFFERENCES, EMPTY_ENTRIES, Difference

DOCUMENTS = Path(__file__).parent / "documents"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
HEADERS = {
    "encoding-header-koi8-r.xml": "text/xml; charset=koi8-r",
    "encoding-header-gbk-over-declaration.xml": "application/xml; charset=gbk",
}
FEEDS = (".xml", ".rdf", ".rss", ".atom", ".cdf", ".json")


def listed(directory: Path) -> list[Path]:
    found = directory.iterdir() if directory.is_dir() else ()
    return sorted(path for path in found if path.suffix in FEEDS)


OURS, CORPUS_FILES = listed(DOCUMENTS), listed(CORPUS)


@cache
def compared(path: Path) -> tuple[list[str], Counter[Difference], int]:
    """What nobody explains, how often each explanation serves, and how many fields were compared."""
    data, header = path.read_bytes(), HEADERS.get(path.name)
    mine = fields.ours(data, header)
    other = fields.expected_of_json(data) if path.suffix == ".json" else fields.theirs(data, header)
    pairs = [("", mine[0], other[0])]
    pairs += [("entry.", one, two) for one, two in zip(mine[1], other[1], strict=False)]
    unexplained: list[str] = []
    used: Counter[Difference] = Counter()
    count = 0
    for prefix, ours, theirs in pairs:
        for name in ours:
            count += 1
            if ours[name] == theirs[name]:
                continue
            field = prefix + name
            reason = next((one for one in DIFFERENCES if one.explains(path.name, field, ours, theirs)), None)
            if reason is None:
                unexplained.append(f"{field}\n   ours: {ours[name]!r}\n theirs: {theirs[name]!r}"[:2000])
            else:
                used[reason] += 1
    if other[0].get("_empty", 0) != EMPTY_ENTRIES.get(path.name, 0):
        unexplained.append(f"feedparser has {other[0]['_empty']} entries that hold nothing")
    return unexplained, used, count


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in OURS])
def test_our_documents_are_read_as_feedparser_reads_them(path: Path) -> None:
    assert compared(path)[0] == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not here")
@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in CORPUS_FILES])
def test_real_feeds_are_read_as_feedparser_reads_them(path: Path) -> None:
    assert compared(path)[0] == []


def test_there_is_a_document_for_every_format_and_enough_of_them() -> None:
    assert len(OURS) >= 80
    starts = ("rss090", "rss091", "rss092", "rss10", "rss20", "atom03", "atom10", "cdf", "json10", "json11")
    assert all(any(path.name.startswith(start) for path in OURS) for start in starts)
    assert sum(path.name.startswith("encoding-") for path in OURS) >= 20


def test_every_explanation_serves() -> None:
    """One that no document needs any more would hide the next mistake."""
    paths = OURS + CORPUS_FILES
    used = sum((compared(path)[1] for path in paths), Counter[Difference]())
    for one in DIFFERENCES:
        idle = [pattern for pattern in one.files if not any(fnmatch(path.name, pattern) for path in paths)]
        if CORPUS_FILES:
            assert not idle, one.reason
        assert used[one] or len(idle) == len(one.files), one.reason
