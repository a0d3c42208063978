"""Validators vouch for what was read by the rules of their day."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from aggregator.model.source import Clean, Paging, Select, Source, Validators
from aggregator.store import read_by

PLAIN = Source(name="a", url="https://a.example/feed")
OTHERS = {
    *("name", "url", "category", "title", "every_s", "max_every_s", "timeout_s", "max_body_bytes"),
    *("retry_after_on", "retry_after_scope", "article", "full_text", "robots", "headers"),
}


def test_every_field_of_a_source_either_decides_or_does_not() -> None:
    assert {each.name for each in fields(Source)} == {*read_by.DECIDES, *OTHERS}


@pytest.mark.parametrize(
    "rules",
    [
        {"kind": "page"},
        {"timezone": "Asia/Shanghai"},
        {"language": "de"},
        {"select": Select(items="li")},
        {"select": Select(items="li", title="b")},
        {"paging": Paging(limit=2)},
        {"body": "{}"},
        {"clean": Clean(remove=("u",))},
        {"clean": Clean(unwrap=("u",))},
        {"publisher": ("author",)},
    ],
)
def test_what_decides_makes_another_digest(rules) -> None:
    other = replace(PLAIN, **rules)
    assert read_by.rules(other) != read_by.rules(PLAIN)
    assert read_by.rules(replace(other, every_s=1.0, title="T", headers={"X": "y"})) == read_by.rules(other)


async def test_a_claim_after_other_rules_has_nothing_that_vouches_until_a_poll_succeeds(bench, make) -> None:
    before, after = make.source("a"), make.source("a", language="de")
    await bench.sync(before)
    claim = (await bench.claim("a"))["a"]
    vouching = replace(claim.state, validators=Validators(url="u", etag='"1"'), body_sha256=b"x")
    assert not claim.anew
    await bench.store.save(make.outcome(claim, state=vouching))
    claim = (await bench.claim("a"))["a"]
    assert (claim.anew, claim.state) == (False, vouching)
    await bench.forget()

    await bench.sync(after)
    claim = (await bench.claim("a"))["a"]
    assert (claim.anew, claim.state.validators, claim.state.body_sha256) == (True, None, None)
    failed = replace(make.outcome(claim, meta=None), result="failed")
    await bench.store.save(failed)
    claim = (await bench.claim("a"))["a"]
    assert claim.anew, "a failure read nothing"
    await bench.store.save(make.outcome(claim, state=vouching))
    claim = (await bench.claim("a"))["a"]
    assert (claim.anew, claim.state) == (False, vouching)


async def test_what_another_process_read_by_older_rules_does_not_vouch(bench, make) -> None:
    """A refresh has the new configuration before the daemon that runs beside it has."""
    await bench.sync(make.source("a"))
    old = (await bench.claim("a"))["a"]
    await bench.sync(make.source("a", language="de"))
    state = replace(old.state, validators=Validators(url="u", etag='"1"'))
    await bench.store.save(make.outcome(old, state=state))
    assert (await bench.claim("a"))["a"].anew
