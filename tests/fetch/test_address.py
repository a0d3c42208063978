"""Addresses reach the wire as they were written, and never with their secrets in the text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import RefusedError
from aggregator.fetch.address import join, parse


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("http://h", "http://h/"),
        ("HTTP://EXAMPLE.org:80/A?b", "http://example.org/A?b"),
        ("https://h:443/", "https://h/"),
        ("https://h:80/", "https://h:80/"),
        ("http://h?q=1", "http://h/?q=1"),
        ("http://h/a#part", "http://h/a"),
        ("http://h/?sig=a%2Fb+c%2bd==&e=%zz|^{}[]'~", "http://h/?sig=a%2Fb+c%2bd==&e=%zz|^{}[]'~"),
        ("http://h/%7Euser/a/../b//c;p=1,2", "http://h/%7Euser/a/../b//c;p=1,2"),
        ("http://h/新闻?q=财", "http://h/%E6%96%B0%E9%97%BB?q=%E8%B4%A2"),
        ('http://h/a b"<>`\\', "http://h/a%20b%22%3C%3E%60%5C"),
        ("http://h/\ud800", "http://h/%EF%BF%BD"),  # half a character is no question mark
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
        ("http://新闻.例え.jp/", "http://xn--efvy88h.xn--r8jz45g.jp/"),
        ("http://Bücher.example:8080/", "http://xn--bcher-kva.example:8080/"),
        ("http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x"),
        ("http://a_b.example/", "http://a_b.example/"),
        (" http://h/ ", "http://h/"),
    ],
)
def test_addresses_are_kept_as_written(written: str, sent: str) -> None:
    target = parse(written)
    assert target.text == sent
    assert str(target.url) == sent
    assert parse(sent).text == sent


@pytest.mark.parametrize(
    "text",
    ["", "h/x", "//h/x", "ftp://h/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///x",
     "http://h:99999/", "http://h:x/", "http://[::1/", "http://[zz]/", "http://a..b/",
     f"http://{'a' * 64}.b/", f"http://{'a.' * 130}b/", "http://a b/", "http://a%2fb/",
     "http://h/" + "x" * 8000, "http://%3a%3a%25%5C/", "http://[::1%\\]/", "http://[::1% b]/",
     "http://[::1%\ud800]/", "http://\ud800:x@h/", "http://h%41\ud800/", "http://%3¡0/"],
)  # fmt: skip
def test_what_cannot_be_fetched_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        parse(text)


def test_8000_octets_are_accepted() -> None:
    assert len(parse("http://h/" + "x" * 7991).text) == 8000


def test_credentials_leave_the_text() -> None:
    target = parse("http://me%40x:s%3Acret@h/")
    assert target.text == "http://h/"
    assert target.authorization == "Basic bWVAeDpzOmNyZXQ="  # me@x:s:cret
    assert "bWVA" not in repr(target)
    assert "cret" not in repr(target)


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/b", "http://h/b"),
        ("c?d", "http://h/a/c?d"),
        ("?d", "http://h/a/x?d"),
        ("//other/b", "http://other/b"),
        ("https://other/b#f", "https://other/b"),
        ("http://u:p@other/b", "http://other/b"),
        ("../../..", "http://h/"),
        ("/caf\udce9", "http://h/caf%E9"),  # Latin-1 on the wire
        ("/café", "http://h/caf%C3%A9"),
        ("http://例え.jp/x", "http://xn--r8jz45g.jp/x"),
        ("http://h\\@other/", "http://other/"),
    ],
)
def test_redirects_are_resolved(location: str, sent: str) -> None:
    target = join(parse("http://u:p@h/a/x?y"), location)
    assert target.text == sent
    assert target.authorization is None


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://h/", "data:text/xml,x", "http://[", "gopher:x", "http://%3a%3a%25%5C/"],
)
def test_redirects_to_other_schemes_are_refused(location: str) -> None:
    with pytest.raises(RefusedError):
        join(parse("http://h/"), location)


PIECES = [*"%:[]@/\\?#. h1", "%5c", "%3a", "%25", "%00", "::1", "xn--", "é", "\ud800", "\udcff", "\uff0f"]
ANY = st.characters(codec=None, categories=None)
ODD = st.text(alphabet=ANY) | st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.text(), ODD)
def test_any_text_is_refused_or_sendable(text: str, location: str) -> None:
    for make in (
        lambda: parse(text),
        lambda: parse("http://" + location),
        lambda: parse("http://h/" + location),
        lambda: join(parse("http://h/"), location),
    ):
        with contextlib.suppress(RefusedError):
            target = make()
            assert target.text.isascii()
            assert target.text.isprintable()
            assert " " not in target.text
            assert parse(target.text).text == target.text
