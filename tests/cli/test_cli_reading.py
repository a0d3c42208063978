"""New reading rules in the configuration count for what is published, though the source stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.origin import Request, ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration

ITEM = "<li><a href='/1'><b>Short</b></a> <i>Long title</i> <p>Text. <u>Advert</u></p></li>"
PAGE = {"name": "acme", "kind": "page", "select.item": "li", "select.title": "b", "select.link": "a"}
TEXT = {"select.content": "p"}
ADVERT = '[defaults]\nclean.remove = ["u"]\n'


def program_over(folder: Path, origin: ThreadedOrigin, **answer: Any) -> tuple[Program, dict[str, str]]:
    origin.serve("/news", f"<html><body><ul>{ITEM}</ul></body></html>", content_type="text/html", **answer)
    origin.serve("/robots.txt", status=404)
    source = {**PAGE, **TEXT, "url": origin.url("/news")}
    program = Program(folder, configuration([source]))
    assert program.refresh()["items"]["new"] == 1
    return program, source


def published(program: Program) -> list[dict[str, Any]]:
    with Daemon(program, "serve") as daemon:
        found: list[dict[str, Any]] = json.loads(daemon.get("/feeds/all.json")[2])["items"]
    return found


def last(origin: ThreadedOrigin) -> Request:
    return origin.seen("/news")[-1]


@pytest.mark.parametrize("answer", [{"etag": '"v1"'}, {}])
@pytest.mark.parametrize("arguments", [(), ("--force", "acme")])
def test_another_selector_gives_known_items_other_titles(
    tmp_path: Path, threaded_origin: ThreadedOrigin, answer: dict[str, str], arguments: tuple[str, ...]
) -> None:
    program, source = program_over(tmp_path, threaded_origin, **answer)
    [before] = published(program)
    program.write(configuration([{**source, "select.title": "i"}]))
    assert program.refresh(*arguments)["items"] == {"new": 0, "updated": 1, "unchanged": 0, "dropped": 0}
    assert "if-none-match" not in last(threaded_origin).headers
    [after] = published(program)
    assert (before["title"], after["title"]) == ("Short", "Long title")
    assert after["id"] == before["id"]
    report = program.refresh()["sources"]
    assert (report["not_modified"], report["unchanged"]) == ((1, 0) if answer else (0, 1)), "once only"


def test_rules_of_cleaning_count_for_entries_that_say_nothing_new(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, source = program_over(tmp_path, threaded_origin, etag='"v1"')
    program.write(configuration([source], head=HEAD + ADVERT))
    threaded_origin.serve("/news", status=503)
    assert program.refresh()["exit"] == 3
    assert "if-none-match" not in last(threaded_origin).headers
    threaded_origin.serve("/news", f"<ul>{ITEM}</ul>", content_type="text/html", etag='"v1"')
    assert program.refresh()["items"]["updated"] == 1, "also after a poll that failed"
    assert "Advert" not in published(program)[0]["content_html"]


def test_what_does_not_change_reading_keeps_the_validators(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, source = program_over(tmp_path, threaded_origin, etag='"v1"')
    others = {"every": "2h", "timeout": "9s", "title": "Acme", "headers.X-A": "b", "category": "news"}
    program.write(configuration([{**source, **others}]))
    assert program.refresh()["sources"]["not_modified"] == 1
    assert last(threaded_origin).headers["if-none-match"] == '"v1"'
