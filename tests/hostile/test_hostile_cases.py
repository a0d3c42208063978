"""Every way to misbehave ends as its table says, costs little, and nobody else anything."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from tests.hostile.case import Case
from tests.hostile.conftest import CASES, FAMILIES, INSIDE, LATER, OTHER, Wire
from tests.hostile.good import GOOD, Good
from tests.process.test_sanitize import Checker

pytestmark = pytest.mark.slow

TURNED = [case for case in CASES if case.turned]
HELD = {"429-wait-seconds", "429-wait-a-century", "503-wait-a-date"}  # the others' words mean nothing
KEYS = ["all", *(f"source/{case.name}" for case in CASES), *(f"source/{one.name}" for one in GOOD)]
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def named(case: Case | Good) -> str:
    return case.name


def test_the_table_is_long_and_its_names_are_unique() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(len(family.CASES) >= 8 for family in FAMILIES)


def was_held(wire: Wire, case: Case, name: str) -> bool:
    """Whether the source was not asked, because the other one on its host had been told to wait."""
    if case.name not in HELD or wire.told(name)["result"] != "held":
        return False
    other = case.name if name != case.name else case.name + LATER
    case.expect.meets(wire.told(other))
    return True


@pytest.mark.parametrize("case", CASES, ids=named)
def test_at_a_first_poll(wire: Wire, case: Case) -> None:
    if was_held(wire, case, case.name):
        return
    case.expect.meets(wire.told(case.name))
    if case.titles is not None:
        assert tuple(one["title"] for one in wire.items(case.name)) == case.titles


@pytest.mark.parametrize("case", TURNED, ids=named)
def test_of_a_source_that_was_well_before(wire: Wire, case: Case) -> None:
    name = case.name + LATER
    first, turned = wire.told(name, 0), wire.told(name)
    assert first["result"] == "fetched"
    if not was_held(wire, case, name):
        (case.later or case.expect).meets(turned)
    ids = {one["id"] for one in wire.items(name)}
    assert len(ids) == min(50, first["new"] + turned["new"]), "what was published stays"


def test_all_recover_with_their_validators_and_without_second_copies(wire: Wire) -> None:
    gone = {f"{name}{LATER}": "held" for name in HELD} | {f"status-410{LATER}": "retired"}
    assert wire.polls[2]["skipped"] == gone
    for case in TURNED:
        name = case.name + LATER
        if name in gone:
            continue
        again = wire.told(name, 2)
        assert again["result"] != "failed", name
        assert again["new"] == 0, name
        if wire.told(name)["result"] == "failed":
            assert again["result"] == "not_modified", f"{name}: the validators outlive failures"


@pytest.mark.parametrize("one", GOOD, ids=named)
def test_sources_in_the_midst_lose_nothing(wire: Wire, one: Good) -> None:
    told = wire.told(one.name)
    assert (told["result"], told["new"], told["unchanged"], told["drops"]) == ("fetched", 2, 10, {})
    assert [item["title"] for item in wire.items(one.name)] == one.titles(2)


@pytest.mark.parametrize("form", ["atom", "rss", "json", "html"])
def test_what_is_published_parses_and_runs_nothing(wire: Wire, form: str) -> None:
    assert wire.daemon is not None
    latest = datetime.now(UTC) + timedelta(days=1)
    for key in KEYS:
        status, headers, body = wire.daemon.get(f"/feeds/{key}.{form}")
        assert status == 200, key
        text = body.decode()
        assert not CONTROLS.search(text), key
        if form == "html":
            assert "script" not in headers["content-security-policy"]
            Checker().feed(re.sub("(?s)<head>.*</head>", "", text))
        elif form != "json":
            etree.fromstring(body)
        else:
            for item in json.loads(body)["items"]:
                Checker().feed(item["content_html"] + item.get("summary", ""))
                addresses = [item.get("url"), item.get("external_url"), item.get("image")]
                addresses += [each["url"] for each in item.get("attachments", ())]
                assert all(each.startswith(("http://", "https://")) for each in addresses if each), key
                if "date_published" in item:
                    assert datetime.fromisoformat(item["date_published"]) < latest, key


def test_nothing_inside_is_ever_reached(wire: Wire) -> None:
    assert wire.origins[INSIDE].connections == 0


def test_no_request_tells_more_than_it_must(wire: Wire) -> None:
    requests = [request for origin in wire.origins.values() for request in origin.requests]
    assert len(requests) > 2 * len(CASES)
    assert {request.method for request in requests} == {"GET"}
    for request in requests:
        assert not {"cookie", "referer"} & request.headers.keys()
    assert not [each for each in wire.origins[OTHER].requests if "authorization" in each.headers]
    name = "with-a-key-to-somebody-else"
    assert wire.origins["main"].seen(f"/{name}")[0].headers["authorization"] == "Bearer s3cret"


def test_a_document_that_is_too_large_is_asked_for_once(wire: Wire) -> None:
    for name in (
        "gzip-bomb",
        "endless-body",
        "hundreds-of-thousands-of-items",
        "status-429-with-a-feed",
        "a-challenge",
    ):
        assert wire.origins["main"].count(f"/{name}") == 1, name


def test_nobody_is_parked_for_longer_than_a_month(wire: Wire) -> None:
    told = json.loads(wire.program.run("status", "--json").stdout)["sources"]
    by_name = {each["name"]: each for each in told}
    latest = datetime.now(UTC) + timedelta(days=31)
    for each in told:
        assert datetime.fromisoformat(each["next_check"]) < latest, each["name"]
    week = datetime.now(UTC) + timedelta(days=8)
    for name in ("fresh-for-ages", "expires-never"):
        assert datetime.fromisoformat(by_name[name]["next_check"]) < week


def test_what_is_told_steers_no_terminal_and_shows_no_bug(wire: Wire) -> None:
    assert "crawl.failed" in wire.log
    assert "crawl.bug" not in wire.log
    for text in (wire.log, wire.program.run("status").stdout):
        assert not CONTROLS.search(text)


def test_all_of_it_is_bounded(wire: Wire) -> None:
    """Only what would be a hang: `python -m tests.bench.hold` measures. On two idle cores it is fifteen
    seconds, 150 MiB, and 190 in a worker."""
    cost = wire.polls[1]
    assert cost["elapsed_s"] < 80
    assert cost["busy_s"] < 2.5
    assert cost["peak_mib"] < 300
    assert cost["workers_mib"] < 600
