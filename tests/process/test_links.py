"""Addresses: repaired, absolute, without tracking, comparable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.process import links

BASE = "https://e.org/d/page?x=1#y"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.org/a?b=1&c=%2f#d", "https://e.org/a?b=1&c=%2f#d"),
        ("/a", "https://e.org/a"),
        ("a/../b", "https://e.org/d/b"),
        ("/a/../b", "https://e.org/b"),
        ("?q=2", "https://e.org/d/page?q=2"),
        ("#z", "https://e.org/d/page?x=1#z"),
        ("//h.org/x", "https://h.org/x"),
        ("\\\\h.org\\x", "https://h.org/x"),
        ("http:\\\\h.org\\x?a=\\", "http://h.org/x?a=%5C"),
        ("HTTP:/h.org/x", "http://h.org/x"),
        ("https:x", "https://e.org/d/x"),
        ("http:x.org", "http://x.org"),
        ("  https://h.org/a\n b\t ", "https://h.org/a%20b"),
        ("https://user:secret@h.org/", "https://h.org/"),
        ("https://h.org/%zz|{}<>", "https://h.org/%25zz%7C%7B%7D%3C%3E"),
        ("https://例え.jp/パス?q=é", "https://xn--r8jz45g.jp/%E3%83%91%E3%82%B9?q=%C3%A9"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://h.org:8443/", "https://h.org:8443/"),
        ("javascript:alert(1)", None),
        ("java\x01script:alert(1)", None),
        (" JAVASCRIPT:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://h.org/", None),
        ("file:///etc/passwd", None),
        ("mailto:a@b.c", None),
        ("https://", None),
        ("https:///", None),
        ("http://a b/", None),
        ("http://h.org:99999/", None),
        ("http://[bad", None),
        ("http://h..org/", None),
        ("https://h.org/" + "x" * 8000, None),
        ("https://h.org/" + "é" * 2000, None),
        ("", None),
        (None, None),
    ],
)
def test_absolute(url: str | None, expected: str | None) -> None:
    assert links.absolute(url, BASE) == expected


@pytest.mark.parametrize("base", [None, "", "file:///etc/", "javascript:x", "nonsense"])
def test_relative_addresses_need_a_web_base(base: str | None) -> None:
    assert links.absolute("/x", base) is None
    assert links.absolute("x", base) is None


@given(st.text(max_size=60), st.sampled_from([BASE, None]))
def test_absolute_is_ascii_http_and_stays(url: str, base: str | None) -> None:
    found = links.absolute(url, base)
    if found is not None:
        assert found.isascii()
        assert found.startswith(("http://", "https://"))
        assert not set(found) & set(' <>"\\^`{|}\n')
        assert links.absolute(found, None) == found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.org/?utm_source=rss&a=1&UTM_medium=x", "https://e.org/?a=1"),
        ("https://e.org/a?fbclid=1", "https://e.org/a"),
        ("https://e.org/a?b=%2f&&c&gclid=1&d=+", "https://e.org/a?b=%2f&&c&d=+"),
        ("https://e.org/a?ref=x&source=y&id=3", "https://e.org/a?ref=x&source=y&id=3"),
        (
            "https://mp.weixin.qq.com/s?__biz=MzA&mid=2&sn=3",
            "https://mp.weixin.qq.com/s?__biz=MzA&mid=2&sn=3",
        ),
        ("https://youtu.be/x?si=abc", "https://youtu.be/x"),
        ("https://e.org/x?si=abc", "https://e.org/x?si=abc"),
        ("https://m.bilibili.com/video/x?vd_source=1&p=2", "https://m.bilibili.com/video/x?p=2"),
        ("https://e.org/a#xtor=RSS-1", "https://e.org/a"),
        ("https://e.org/a?utm_id=1#part", "https://e.org/a#part"),
        ("https://e.org/a#utm_source=x&part=2", "https://e.org/a#utm_source=x&part=2"),
        ("https://e.org/a#", "https://e.org/a#"),
    ],
)
def test_without_tracking(url: str, expected: str) -> None:
    assert links.without_tracking(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://e.org/a", "https://e.org/a"),
        ("https://E.org:443", "http://e.org:80/"),
        ("https://e.org/a?utm_source=x", "https://e.org/a"),
        ("https://e.org/a#", "https://e.org/a?"),
        ("https://e.org/%c3%a9", "https://e.org/é"),
        ("https://e.org./a", "https://e.org/a"),
    ],
)
def test_equal_in_normal_form(one: str, other: str) -> None:
    assert links.normal_form(one) == links.normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/a", "https://e.org/a/"),
        ("https://e.org/a", "https://e.org/A"),
        ("https://e.org/a?x=1&y=2", "https://e.org/a?y=2&x=1"),
        ("https://e.org/a#b", "https://e.org/a"),
        ("https://e.org/", "https://www.e.org/"),
        ("https://e.org:8080/", "https://e.org/"),
        ("tag:e.org,2026:1", "tag:e.org,2026:2"),
    ],
)
def test_different_in_normal_form(one: str, other: str) -> None:
    assert links.normal_form(one) != links.normal_form(other)


def test_home() -> None:
    assert links.is_home(links.normal_form("https://e.org/?utm_source=x"))
    assert not links.is_home(links.normal_form("https://e.org/?p=1"))
    assert not links.is_home(links.normal_form("https://e.org/a"))
    assert not links.is_home("")
