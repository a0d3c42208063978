"""What a request holds may end in a log line: it forges none there, and steers no terminal."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.program import ROOT, WAIT_S, fetch

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]")
ODD = "%1b[31m%0a2026-01-01T00:00:00Z%20[info]%20forged%0d%c2%9b1m%e2%80%a8%e2%80%ae<script>"
PLACES = ("bug", "store", "foreign")


def told(log_format: str) -> str:
    """The log of a server that was sent odd requests, all of whose answers were plain."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.serve.breaking", log_format],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert server.stdout
        port = int(server.stdout.readline())
        for place, expected in zip(PLACES, (500, 503, 200), strict=True):
            url = f"http://127.0.0.1:{port}/{place}/{ODD}"
            status, headers, body = fetch(url, {"X-Odd": "\x85\x9b31m\t<b>"})
            assert status == expected
            assert headers["server"] == "aggregator"
            assert "script" not in headers["content-security-policy"]
            assert not re.search(rb"forged|script|Traceback|\x1b|ValueError", body)
    finally:
        _, log = server.communicate(timeout=WAIT_S)
    assert server.returncode == 0
    assert "hidden" not in log.replace('secret = "hidden in a local variable"', "")
    return log


def test_lines_for_people_are_whole_and_steer_nothing() -> None:
    log = told("console")
    assert not CONTROLS.search(log)
    for text in ("ValueError: /bug/\\x1b[31m", "serve.store", "some.library", "OSError: /foreign/", "%d odd"):
        assert text in log
    assert "too much" not in log
    # A line begins with our time, and those of a traceback are set in.
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+ \[\w+ *\] |    ", line) for line in log.splitlines()), log
    assert "\n2026-01-01" not in log


def test_lines_for_machines_are_json_each_whatever_wrote_them() -> None:
    log = told("json")
    assert not CONTROLS.search(log)
    events = [json.loads(line) for line in log.splitlines()]
    assert [each["event"] for each in events[:2]] == ["serve.bug", "serve.store"]
    assert events[0]["exception"][0]["exc_type"] == "ValueError"
    foreign = [each for each in events if each["event"] == "log.foreign"]
    assert [each["logger"] for each in foreign] == ["some.library", "some.library", "asyncio"]
    assert [each["level"] for each in foreign] == ["error", "warning", "error"]
