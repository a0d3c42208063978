"""Which of two texts of an item is published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.document import Text
from aggregator.process.better import better

TEASER = Text(value="<p>The council decided to build a bridge. <a href='/1'>Read more</a></p>", type="html")
ARTICLE = Text(value="<p>The council decided on Monday to build a bridge.</p>" * 20, type="html")
BANNER = Text(value="<p>We value your privacy. We and our partners use cookies. Accept all.</p>", type="html")
PICTURE = Text(value='<p><img src="a.png" alt=""></p>', type="html")


def html(value: str) -> Text:
    return Text(value=value, type="html")


@pytest.mark.parametrize(
    ("feed", "page", "wins"),
    [
        (TEASER, ARTICLE, "page"),
        (None, ARTICLE, "page"),
        (html("<p> </p>"), ARTICLE, "page"),
        (ARTICLE, BANNER, "feed"),
        (ARTICLE, html(ARTICLE.value[:600]), "feed"),
        (ARTICLE, ARTICLE, "feed"),
        (TEASER, html("<p></p>"), "feed"),
        (PICTURE, BANNER, "feed"),
        (PICTURE, html(PICTURE.value + "<p>What it shows</p>"), "page"),
        (Text(value="a <b> c"), html("a b c"), "feed"),  # plain text has no tags
        (html("<div class='" + "x" * 500 + "'>short</div>"), html("<p>somewhat longer</p>"), "page"),
    ],
)
def test_the_better_text(feed: Text | None, page: Text, wins: str) -> None:
    assert better(feed, page) is (page if wins == "page" else feed)


@pytest.mark.parametrize(("length", "wins"), [(39, "feed"), (40, "page")])
def test_a_third_more_is_clearly_more_and_white_space_is_nothing(length: int, wins: str) -> None:
    feed, page = html("<p>" + "x " * 30 + "</p>"), html(f"<p>{'字' * length}</p>" + " \n" * 99)
    assert better(feed, page) is (page if wins == "page" else feed)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_page_that_says_less_never_wins(said: str, found: str) -> None:
    feed, page = Text(value=said), Text(value=found)
    if better(feed, page) is page:
        assert len("".join(found.split())) > len("".join(said.split()))
