"""Statuses and headers: errors of every kind, validators, and words about time that nobody can mean."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

from typing import Any

from tests.hostile.case import TURNED, Case, Expect, fails, feed, item, reads, says, served
from tests.origin import Response

STATUS = "StatusError"
ONE = feed(item(title="Only", guid="only"))


def refused(status: int) -> Expect:
    return fails("fetch", STATUS, f"answered {status}")


def answers(status: int, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served(TURNED, status=status, headers=named)


def asked_to_wait(name: str, status: int, value: str) -> Case:
    """On the same host is a source that turns at the same time. Whichever is first may be the only to ask: the
    other one is held, which is no failure."""
    told = fails("fetch", STATUS, f"answered {status}")
    return Case(
        name=f"{status}-wait-{name}", answer=answers(status, Retry_After=value), expect=told, apart=True
    )


def heads(name: str, **headers: str) -> Case:
    """A feed as it should be under odd headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Case(name=name, answer=served(ONE, headers=named), expect=reads(1))


CASES = (
    *(
        Case(name=f"status-{status}", answer=answers(status), expect=refused(status))
        for status in (201, 204, 206, 300, 400, 401, 402, 403, 404, 405, 410, 418, 421, 426, 451)
    ),
    *(
        Case(name=f"status-{status}-with-a-feed", answer=answers(status), expect=refused(status))
        for status in (429, 500, 502, 503, 504, 522, 599)
    ),
    Case(
        name="304-to-everything",
        answer=lambda places: Response(status=304),
        expect=refused(304),
        later=Expect(result="not_modified"),
    ),
    Case(name="304-with-a-body", answer=says("HTTP/1.1 304 Not Modified\n\n", TURNED), expect=fails("fetch", "NetworkError", "not valid HTTP")),
    asked_to_wait("seconds", 429, "120"),
    asked_to_wait("a-date", 503, "Fri, 31 Dec 9999 23:59:59 GMT"),
    asked_to_wait("a-century", 429, "9" * 5000),
    asked_to_wait("a-year-of-twenty-digits", 503, "Sun, 01 Mar 99999999999999999999 12:01:00 GMT"),
    asked_to_wait("no-time", 429, "-1"),
    asked_to_wait("nonsense", 503, "a while"),
    heads("etag-too-long", ETag='"' + "x" * 5000 + '"'),
    heads("etag-of-odd-octets", ETag='"\xff\x80"'),
    heads("etag-with-quotes", ETag='W/"a", "b"'),
    heads("modified-in-no-time", Last_Modified="x" * 5000),
    heads("modified-in-the-future", Last_Modified="Fri, 31 Dec 9999 23:59:59 GMT"),
    Case(name="two-etags", answer=says("HTTP/1.1 200 OK\nETag: \"1\"\nETag: \"2\"\nConnection: close\n\n", ONE),
         expect=reads(1)),
    heads("fresh-for-ages", Cache_Control="max-age=99999999999999999999999"),
    heads("fresh-for-less-than-nothing", Cache_Control="max-age=-1, s-maxage=x", Age="-5"),
    heads("expires-in-no-year", Expires="Sun, 01 Mar 99999999999999999999 12:01:00 GMT", Date="yesterday"),
    heads("expires-never", Expires="Fri, 31 Dec 9999 23:59:59 GMT", Date="Mon, 01 Jan 0001 00:00:00 +2359"),
    heads("cookies", Set_Cookie="id=hostile; Path=/; Max-Age=9999"),
    heads("type-html", Content_Type="text/html"),
    heads("type-picture", Content_Type="image/png"),
    heads("type-nonsense", Content_Type="x/y; charset=no-such; charset=utf-7;;=;"),
    heads("type-of-odd-octets", Content_Type="text/xml; charset=\xff"),
    heads("type-very-long", Content_Type="text/xml; " + "a=b;" * 10_000),
    heads("server-that-speaks", Server="\x1b[31mevil", Refresh="0; url=http://127.0.0.66/", Link="</x>; rel=hub"),
    heads("download", Content_Disposition='attachment; filename="../../etc/passwd"', Location="http://127.0.0.66/"),
)  # fmt: skip
