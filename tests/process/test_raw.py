from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.document import Entry, Text
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
