"""Subscription lists of strangers: bounded, and with nothing expanded or fetched."""

from __future__ import annotations

import pytest

from aggregator.errors import NotAFeed, Unparsable
from aggregator.parse import opml


def listed(body: str, head: str = "") -> bytes:
    return f"<?xml version='1.0'?>{head}<opml version='2.0'><body>{body}</body></opml>".encode()


def outline(url: str, text: str = "T") -> str:
    return f"<outline text='{text}' xmlUrl='{url}'/>"


def test_each_address_once_with_its_folders() -> None:
    body = f"<outline text='a'><outline text='b'>{outline('http://x.example/1')}</outline></outline>"
    body += outline("http://x.example/1") + "<outline TEXT='U' XMLURL='http://x.example/2'/><outline/>"
    assert opml.read(listed(body)) == (
        opml.Subscription(url="http://x.example/1", title="T", folders=("a", "b")),
        opml.Subscription(url="http://x.example/2", title="U"),
    )


def test_bare_ampersands_do_no_harm() -> None:
    [found] = opml.read(listed(outline("http://x.example/?a=1&b=2", "A & B")))
    assert (found.url, found.title) == ("http://x.example/?a=1&b=2", "A & B")


@pytest.mark.parametrize(
    "dtd",
    [
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
        "<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>",
        "<!ENTITY y 'haha'><!ENTITY x '&y;&y;&y;&y;'>",
        "<!ENTITY % p SYSTEM 'http://127.0.0.1:9/p'>%p;",
    ],
)
def test_no_entity_is_expanded_and_nothing_fetched(dtd: str) -> None:
    [found] = opml.read(listed(outline("http://x.example/1", "A &x;"), f"<!DOCTYPE opml [{dtd}]>"))
    assert (found.url, found.title) == ("http://x.example/1", "A &x;")


def test_size_number_and_depth_are_bounded() -> None:
    many = [outline(f"http://x.example/{number}") for number in range(opml.MAX_SUBSCRIPTIONS + 1)]
    assert len(opml.read(listed("".join(many[1:])))) == opml.MAX_SUBSCRIPTIONS
    with pytest.raises(NotAFeed, match="more than 5000"):
        opml.read(listed("".join(many)))
    with pytest.raises(NotAFeed, match="larger than 5 MiB"):
        opml.read(listed(" " * opml.MAX_BYTES))
    with pytest.raises(Unparsable, match=r"[Dd]epth"):
        opml.read(listed("<outline text='x'>" * 100_000))


@pytest.mark.parametrize("data", [b"", b"<html><body>x</body></html>", b"<rss/>", b"{}", bytes(100)])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(NotAFeed):
        opml.read(data)
