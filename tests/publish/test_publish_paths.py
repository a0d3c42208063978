"""Feed keys and their paths, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from aggregator.model.feed import FeedKey
from aggregator.publish.paths import SUFFIXES, feed_path, feed_url, parse_path

PARTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/"), min_size=1).filter(
    lambda part: part not in (".", "..")
)
KEYS = st.one_of(
    st.sampled_from([FeedKey(kind="all"), FeedKey(kind="health")]),
    st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: FeedKey(kind="category", name="/".join(parts))),
    st.builds(FeedKey, kind=st.sampled_from(["source", "publisher"]), name=PARTS),
)


@pytest.mark.parametrize(
    ("key", "suffix", "path"),
    [
        (FeedKey(kind="all"), "atom", "/feeds/all.atom"),
        (FeedKey(kind="category", name="a/b"), "rss", "/feeds/category/a/b.rss"),
        (FeedKey(kind="category", name="金融"), "json", "/feeds/category/%E9%87%91%E8%9E%8D.json"),
        (FeedKey(kind="source", name="v1.2"), "atom", "/feeds/source/v1.2.atom"),
        (FeedKey(kind="source", name="v1.2"), None, "/feeds/source/v1.2"),
        (FeedKey(kind="source", name="x.rss"), "html", "/feeds/source/x.rss.html"),
        (FeedKey(kind="source", name="x.rss"), None, "/feeds/source/x%2Erss"),
        (FeedKey(kind="source", name="a/b"), "atom", "/feeds/source/a%2Fb.atom"),
        (FeedKey(kind="publisher", name="p"), None, "/feeds/publisher/p"),
    ],
)
def test_paths(key: FeedKey, suffix: str | None, path: str) -> None:
    assert feed_path(key, suffix) == path
    assert parse_path(path) == (key, suffix)


@given(KEYS, st.sampled_from([None, *SUFFIXES]))
def test_round_trip(key: FeedKey, suffix: str | None) -> None:
    path = feed_path(key, suffix)
    assert path.isascii()
    assert parse_path(path) == (key, suffix)


@given(KEYS, st.sampled_from(SUFFIXES))
def test_clients_do_not_change_an_address(key: FeedKey, suffix: str) -> None:
    url = feed_url("https://feeds.example/base", key, suffix)
    raw = URL(url).raw_path.removeprefix("/base")
    assert parse_path(raw) == (key, suffix)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/feeds/",
        "/feeds/.atom",
        "/feed/all.atom",
        "/feeds/all/x.atom",
        "/feeds/all/",
        "/feeds/category",
        "/feeds/category/.atom",
        "/feeds/category/a//b.atom",
        "/feeds/category/a/",
        "/feeds/category/../b.atom",
        "/feeds/category/a/%2E%2E.atom",
        "/feeds/source/a/b.atom",
        "/feeds/source/%FF.atom",
        "/feeds/other/a.atom",
    ],
)
def test_what_names_no_feed(path: str) -> None:
    assert parse_path(path) is None


@given(st.text())
def test_any_path_is_answered(path: str) -> None:
    for candidate in (path, f"/feeds/{path}", f"/feeds/category/{path}"):
        found = parse_path(candidate)
        assert found is None or feed_path(*found)


@pytest.mark.parametrize(
    "key",
    [
        FeedKey(kind="all", name="x"),
        FeedKey(kind="category"),
        FeedKey(kind="category", name="a/../b"),
        FeedKey(kind="nonsense", name="x"),
    ],
)
def test_keys_without_a_path_are_refused(key: FeedKey) -> None:
    with pytest.raises(ValueError, match="no path"):
        feed_path(key, "atom")
