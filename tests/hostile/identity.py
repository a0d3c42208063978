"""Items that are not who they say, and times that never were."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

from tests.hostile.case import WELL, Case, feed, item, reads

GOOD_GUID = "good-0-0"  # of a source that is well

WORDS = "<description>Enough words to know an item by when its site has moved.</description>"
MOVING = feed(*(item(WORDS, f"N{n}", f"old-{n}", f"http://old.example/{n}") for n in range(3)))


def dated(name: str, *dates: str, notes: dict[str, int] | None = None) -> Case:
    items = (
        item(f"<pubDate>{date}</pubDate>", title=f"At {number}", guid=f"d{number}", link=f"http://e.example/{number}")
        for number, date in enumerate(dates)
    )  # fmt: skip
    return Case(name=name, answer=feed(*items), expect=reads(len(dates), notes=notes or {}))


CASES = (
    dated("year-zero", "Mon, 00 Jan 0000 00:00:00 GMT", "0000-00-00T00:00:00Z", "0000-00-00"),
    dated("year-9224", "Sat, 01 Jan 9224 00:00:00 GMT", "9224-01-01T00:00:00Z"),
    dated("year-of-twenty-digits", "Sat, 01 Jan 99999999999999999999 00:00:00 GMT", "99999999999999999999-01-01"),
    dated("before-there-was-a-web", "Thu, 01 Jan 1970 00:00:00 GMT", "1066-10-14T09:00:00Z", "0001-01-01T00:00:00Z"),
    dated("in-the-future", "Fri, 01 Jan 2077 00:00:00 GMT", "2099-12-31T23:59:59+14:00", "9999-12-31T23:59:59-23:59", notes={"date": 2}),
    dated("no-such-day", "Fri, 30 Feb 2026 25:61:61 GMT", "2026-13-45T99:99:99Z", "31/11/2026", "Smarch 32"),
    dated("no-date-at-all", "", "now()", "{{ date }}", "&lt;script&gt;", "9" * 5000, "\u0663\u0660/\u0661\u0662"),
    dated("no-such-zone", "Fri, 27 Feb 2026 10:00:00 +9999", "Fri, 27 Feb 2026 10:00:00 XYZ", "2026-02-27T10:00:00+99:99"),
    Case(name="one-guid-for-all", answer=feed(*(item(title=f"N{n}", guid="same", link=f"http://e.example/{n}") for n in range(5))),
         expect=reads(5)),
    Case(name="one-link-for-all", answer=feed(*(item(title=f"N{n}", guid=f"g{n}") for n in range(5))), expect=reads(5)),
    Case(name="nothing-tells-them-apart", answer=feed(*[item(title="Same")] * 50), expect=reads(1, {"repeated": 49})),
    Case(name="no-identity", answer=feed("<item><title>Bare</title></item>", "<item><description>x</description></item>",
         "<item/>", "<item><guid/></item>"), expect=reads(2, {"empty": 2})),
    Case(name="guids-changed", answer=WELL.replace(b">well-", b">changed-"), expect=reads(2),
         later=reads(0, unchanged=2)),
    Case(name="guids-and-links-changed", before=MOVING, answer=MOVING.replace(b"old", b"new"),
         expect=reads(3), later=reads(0, updated=3)),
    Case(name="guids-swapped",
         answer=WELL.replace(b">well-1", b">x").replace(b">well-2", b">well-1").replace(b">x", b">well-2"),
         expect=reads(2), later=reads(0, unchanged=2)),
    Case(name="guids-stolen",
         answer=feed(item(title="Stolen", guid=GOOD_GUID, link="http://site.example/good-0-0")), expect=reads(1),
         titles=("Stolen",)),
    Case(name="always-now", answer=WELL.replace(b"2026 10:00", b"2026 11:00"), expect=reads(2), later=reads(0, unchanged=2)),
)  # fmt: skip
