"""Every way in which feeds write a date, and the many that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.document import FeedDate
from aggregator.parse import dates
from aggregator.parse.dates import parse_date
from aggregator.parse.dates_spoken import TakesTime, quickly

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def written(date: FeedDate | None) -> str | None:
    """Short form: "Z" where the zone is known, "?" where it is not."""
    if date is None:
        return None
    return f"{date.at:%Y-%m-%d %H:%M:%S}{'Z' if date.zone_known else '?'}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # W3CDTF, RFC 3339, and what was meant to be
        ("2022-05-30T08:00:00Z", "2022-05-30 08:00:00Z"),
        ("2022-05-30T08:00:00.1234567+08:00", "2022-05-30 00:00:00Z"),
        ("2022-05-30t08:00:00,5z", "2022-05-30 08:00:00Z"),
        ("2022-05-30 08:00", "2022-05-30 08:00:00?"),
        ("2022-05-30T08:00+0530", "2022-05-30 02:30:00Z"),
        ("2022-05-30 08:00:00 +0200", "2022-05-30 06:00:00Z"),
        ("2022-05-30 08:00:00 UTC", "2022-05-30 08:00:00Z"),
        ("2022-05-30T08:00:00+02:00[Europe/Paris]", "2022-05-30 06:00:00Z"),
        ("2022-05-30T08:00-08", "2022-05-30 16:00:00Z"),
        ("2022-05-30T24:00:00Z", "2022-05-31 00:00:00Z"),
        ("2022-12-31T23:59:60Z", "2022-12-31 23:59:59Z"),
        ("2022-5-3 8:05", "2022-05-03 08:05:00?"),
        ("2022-05-30", "2022-05-30 00:00:00?"),
        ("2022-05", "2022-05-01 00:00:00?"),
        ("20220530T101112Z", "2022-05-30 10:11:12Z"),
        ("2022/5/30 8:05:09", "2022-05-30 08:05:09?"),
        ("2022.05.30", "2022-05-30 00:00:00?"),
        ("2022. 5. 30.", "2022-05-30 00:00:00?"),
        ("２０２２－０５－３０　０８：００", "2022-05-30 08:00:00?"),
        # RFC 822 and its descendants
        ("Mon, 30 May 2022 08:00:00 GMT", "2022-05-30 08:00:00Z"),
        ("Fri, 30 May 2022 08:00:00 GMT", "2022-05-30 08:00:00Z"),  # a Monday
        ("Monday, 30-May-22 08:00:00 GMT", "2022-05-30 08:00:00Z"),
        ("30 May 99 08:00 EST", "1999-05-30 13:00:00Z"),
        ("Mon, 3 May 2022 8:00:00 -0000", "2022-05-03 08:00:00Z"),
        ("Mon, 30 Sept 2022 08:00:00 +0000 (UTC)", "2022-09-30 08:00:00Z"),
        ("Mon, 30 September 2022 08:00:00 +08:00", "2022-09-30 00:00:00Z"),
        ("\n Mon,  30 May 2022\n 08:00:00 GMT ", "2022-05-30 08:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 GMT+8", "2022-05-30 00:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 UTC+0200", "2022-05-30 06:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 PDT", "2022-05-30 15:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 BST", "2022-05-30 07:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 CEST", "2022-05-30 06:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 JST", "2022-05-29 23:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 MSK", "2022-05-30 05:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 CST", "2022-05-30 14:00:00Z"),
        ("Mon, 30 May 2022 08:00:00 IST", "2022-05-30 08:00:00?"),  # India, Israel or Ireland
        ("Mon, 30 May 2022 08:00:00", "2022-05-30 08:00:00?"),
        ("Mon, 30 May 2022 24:00:00 GMT", "2022-05-31 00:00:00Z"),
        ("30 May 2022", "2022-05-30 00:00:00?"),
        ("Mon May 30 15:16:00 2022", "2022-05-30 15:16:00?"),
        ("Mon May 30 15:16:00 JST 2022", "2022-05-30 06:16:00Z"),
        ("Mon May 30 15:16:00 CST 2022", "2022-05-30 15:16:00?"),  # Java means China
        ("May 30th, 2022 3:04 p.m. EST", "2022-05-30 20:04:00Z"),
        ("May 30, 2022 at 12:30 AM", "2022-05-30 00:30:00?"),
        # two small numbers, one of them above 12
        ("13/04/2021", "2021-04-13 00:00:00?"),
        ("04/13/2021 10:00 PM", "2021-04-13 22:00:00?"),
        # Chinese, Japanese, Korean
        ("2022年5月30日(月) 下午3:16", "2022-05-30 15:16:00?"),
        ("2022年05月30日 15时16分20秒", "2022-05-30 15:16:20?"),
        ("2022年5月30日 星期一 上午 12:05", "2022-05-30 00:05:00?"),
        ("2022年5月30日", "2022-05-30 00:00:00?"),
        ("2022-05-30 下午3:16", "2022-05-30 15:16:00?"),
        ("2022/5/30(月) 10:00", "2022-05-30 10:00:00?"),
        ("2022년 5월 30일 오후 3:16", "2022-05-30 15:16:00?"),
        ("令和4年5月30日", "2022-05-30 00:00:00?"),
        ("民國111年5月30日", "2022-05-30 00:00:00?"),
        ("发布时间：2022-05-30 10:00:00", "2022-05-30 10:00:00?"),
        ("Published: 30 May 2022", "2022-05-30 00:00:00?"),
        # other languages
        ("12. März 2021 14:05", "2021-03-12 14:05:00?"),
        ("Mi, 12 Mär 2021 10:00:00 +0100", "2021-03-12 09:00:00Z"),
        ("12 mars 2021", "2021-03-12 00:00:00?"),
        ("12 de marzo de 2021", "2021-03-12 00:00:00?"),
        ("12 марта 2021, 10:00", "2021-03-12 10:00:00?"),
        ("12 березня 2021", "2021-03-12 00:00:00?"),
        ("12 Mart 2021", "2021-03-12 00:00:00?"),
        ("29 กุมภาพันธ์ 2563", "2020-02-29 00:00:00?"),  # the Buddhist era
    ],
)
def test_dates_that_stand_by_themselves(text: str, expected: str) -> None:
    assert written(parse_date(text)) == expected
    assert written(parse_date(text, base=NOW)) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "hello",
        "20220530",
        "1234",
        "2022",
        "1640995200",
        "1640995200.5",
        "-1",
        "0000-00-00",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 30 May 2101 08:00:00 GMT",
        "9224-01-01",
        "2022-02-30",
        "2022-13-01",
        "2022-05-30T25:00:00Z",
        "2022-05-30T24:00:01Z",
        "2022-05-30T08:60:00Z",
        "2022-05-30T08:00:00+99:99",
        "Mon, 30 May 2022 25:00:00 GMT",
        "03/04/2021",
        "03-04-2021 10:00",
        "1/2/03",
        "May 2022",
        "Monday",
        "words 2021 words",
        "2022-05-30 " + "x" * 100,
        "9" * 5000,
        "https://x.example/2022/05/30/",
    ],
)
def test_what_is_no_certain_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None
    assert parse_date(text, base=NOW) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3小时前", "2026-11-21 01:00:00Z"),
        ("5分钟前", "2026-11-21 03:55:00Z"),
        ("2 hours ago", "2026-11-21 02:00:00Z"),
        ("24 hours ago", "2026-11-20 04:00:00Z"),
        ("vor 2 Stunden", "2026-11-21 02:00:00Z"),
        ("刚刚", "2026-11-21 04:00:00Z"),
        ("昨天 08:30", "2026-11-20 08:30:00?"),
        ("昨天", "2026-11-20 00:00:00?"),
        ("3 days ago", "2026-11-18 00:00:00?"),
        ("5月30日 10:00", "2026-05-30 10:00:00?"),
        ("12月30日", "2025-12-30 00:00:00?"),
        ("05-30 08:30", "2026-05-30 08:30:00?"),
        ("05/30(月) 08:30", "2026-05-30 08:30:00?"),
        ("05-06", "2026-05-06 00:00:00?"),
        ("30.05. 08:30", "2026-05-30 08:30:00?"),
        ("发布时间：05-30 08:30", "2026-05-30 08:30:00?"),
        ("May 30, 08:30", "2026-05-30 08:30:00?"),
        ("Sat, May 30th at 8:30 pm", "2026-05-30 20:30:00?"),
        ("30 May 08:30 GMT", "2026-05-30 08:30:00Z"),
        ("30 May", "2026-05-30 00:00:00?"),
        ("30 мая 08:30", "2026-05-30 08:30:00?"),
        ("30 декабря", "2025-12-30 00:00:00?"),
        ("29 февраля", "2024-02-29 00:00:00?"),
        ("02-29 10:00", "2024-02-29 10:00:00?"),
        ("30. Mai, 08:30 Uhr", "2026-05-30 08:30:00?"),
        ("30 août 08:30 GMT", "2026-08-30 08:30:00Z"),
        ("14:05", "2026-11-20 14:05:00?"),
        ("08:30 Uhr", "2026-11-21 08:30:00?"),
        ("08:30 GMT", "2026-11-20 08:30:00Z"),
        ("下午3:16", "2026-11-20 15:16:00?"),
        ("8时30分", "2026-11-21 08:30:00?"),
    ],
)
def test_relative_dates_need_a_moment_to_be_relative_to(text: str, expected: str) -> None:
    assert parse_date(text) is None
    assert written(parse_date(text, base=NOW)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "02-30 08:30",
        "13-32",
        "30 May 25:00",
        "31 февраля",
        "30 мая 22 года",
        "25:00",
        "08:30 min",
        "3:5",
        "20 фраз",
    ],
)
def test_what_is_no_certain_date_though_it_may_leave_out_its_year(text: str) -> None:
    assert parse_date(text, base=NOW) is None


@pytest.mark.parametrize("languages", [("en",), ("de", "zh", "en"), ()])
def test_day_and_month_are_told_apart_by_language_or_not_at_all(languages: tuple[str, ...]) -> None:
    assert parse_date("05-06 08:30", base=NOW, languages=languages) is None
    assert parse_date("31-05 08:30", base=NOW, languages=languages) == FeedDate(
        at=datetime(2026, 5, 31, 8, 30, tzinfo=UTC), zone_known=False
    )


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("11-22 12:00", NOW, "2026-11-22 12:00:00?"),
        ("11-22 12:01", NOW, "2025-11-22 12:01:00?"),
        ("12:05", NOW, "2026-11-21 12:05:00?"),
        ("12:06", NOW, "2026-11-20 12:06:00?"),
        ("1月1日 08:00", datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027-01-01 08:00:00?"),
        ("00:02", datetime(2026, 12, 31, 23, 58, tzinfo=UTC), "2027-01-01 00:02:00?"),
        ("23:58", datetime(2027, 1, 1, 0, 2, tzinfo=UTC), "2026-12-31 23:58:00?"),
    ],
)
def test_how_far_ahead_what_leaves_out_its_year_or_day_may_be(
    text: str, base: datetime, expected: str
) -> None:
    assert written(parse_date(text, base=base)) == expected


RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905
BASES = st.builds(
    lambda at, zone: at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)),
    st.datetimes(datetime(1995, 1, 1), datetime(2095, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"]),
)
WAYS: dict[str, Callable[[datetime], str]] = {
    "numbers": lambda at: f"{at:%m-%d %H:%M}",
    "chinese": lambda at: f"{at.month}月{at.day}日 {at:%H:%M}",
    "american": lambda at: f"{at:%b} {at.day}, {at:%I:%M %p}",
    "british": lambda at: f"{at.day} {at:%B %H:%M}",
    "russian": lambda at: f"{at.day} {RUSSIAN[at.month - 1]} {at:%H:%M}",
}


@settings(deadline=None)
@given(BASES, st.integers(61, 364 * 24 * 60), st.sampled_from(sorted(WAYS)))
def test_a_date_without_its_year_is_found_again(base: datetime, minutes: int, way: str) -> None:
    """Whatever the list was written: from a year before the day after it is read to that day, but for the
    hour in which clocks are put back."""
    wall = base.replace(second=0, microsecond=0, tzinfo=UTC)
    at = wall + timedelta(days=1) - timedelta(minutes=minutes)
    assert parse_date(WAYS[way](at), base=base) == FeedDate(at=at, zone_known=False)


@given(BASES, st.integers(1, 12), st.integers(1, 29), st.integers(0, 23))
def test_no_later_year_would_do(base: datetime, month: int, day: int, hour: int) -> None:
    found = parse_date(f"{month:02}-{day:02} {hour:02}:00", base=base)
    assert found is not None
    assert (found.at.month, found.at.day, found.at.hour) == (month, day, hour)
    limit = base.astimezone(UTC) + timedelta(days=1)
    assert found.at.replace(tzinfo=base.tzinfo).astimezone(UTC) <= limit
    for year in range(found.at.year + 1, base.year + 2):
        if (month, day) != (2, 29) or year % 4 == 0:
            assert datetime(year, month, day, hour, tzinfo=base.tzinfo) > limit


@given(BASES, st.integers(0, 24 * 60 - 1))
def test_a_time_without_its_day_is_found_again(base: datetime, minutes: int) -> None:
    at = base.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5 - minutes)
    assert parse_date(f"{at:%H:%M} GMT", base=base) == FeedDate(at=at)


@settings(deadline=None)  # dateparser is imported when it is first needed
@given(
    st.text(max_size=30),
    st.sampled_from(["", "2022-05-30 ", "Mon, 30 May 2022 ", "2022年5月", "2 hours ", "05-30 ", "30 мая "]),
)
def test_no_text_makes_it_raise(text: str, start: str) -> None:
    found = parse_date(start + text, base=NOW)
    assert found is None or (found.at.tzinfo is UTC and 1989 <= found.at.year <= 2101)


@given(st.integers(700_000_000, 4_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_what_python_writes_is_read_back(timestamp: int, minutes: int) -> None:
    moment = datetime.fromtimestamp(timestamp, timezone(timedelta(minutes=minutes)))
    expected = FeedDate(at=moment.astimezone(UTC))
    assert parse_date(moment.isoformat()) == expected
    assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S %z")) == expected


@given(st.from_regex(dates._USUAL_ISO, fullmatch=True) | st.from_regex(dates._USUAL_RFC822, fullmatch=True))
def test_the_short_cut_reads_what_the_grammars_read(text: str) -> None:
    assert parse_date(text) == parse_date(f" {text}")


def test_where_there_is_no_time_a_date_in_words_is_left_to_others() -> None:
    with quickly():
        assert parse_date("2022-05-30 08:00") is not None
        assert parse_date("no date at all") is None
        with pytest.raises(TakesTime):
            parse_date("7. März 2021", languages=("de",))
    assert parse_date("7. März 2021", languages=("de",)) is not None
