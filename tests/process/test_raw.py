from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model.document import Entry, Text
from aggregator.parse import feed
from aggregator.process import raw

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=3000)


@given(ANY_TEXT)
def test_an_entry_comes_back(text):
    entry = Entry(guid="g", title=Text(value=text))
    kept = json.loads(raw.unpacked(raw.packed(entry)))
    assert (kept["guid"], kept["title"]["value"]) == ("g", text)


def test_packing_is_worth_it():
    entry = Entry(content=Text(value="<p>The same sentence again and again.</p>" * 100, type="html"))
    assert len(raw.packed(entry)) * 10 < len(raw.unpacked(raw.packed(entry)))


def test_an_entry_with_everything_comes_back_as_it_was():
    path = Path(__file__).parents[1] / "parse" / "documents"
    seen = 0
    for file in sorted(path.rglob("*")):
        if not file.is_file():
            continue
        try:
            document = feed.parse(file.read_bytes(), None, "http://site.example/feed")
        except ParseError:
            continue
        for entry in document.entries:
            seen += 1
            assert raw.entry(raw.packed(entry)) == entry
    assert seen > 100
