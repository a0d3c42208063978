"""Thirty sources out of a hundred misbehave in every way there is, and harm nobody but themselves."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.origin import Request, ThreadedOrigin
from tests.program import Program, configuration, rss

GOOD = 70
GARBAGE = Random(11).randbytes(5000)


async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
    """Half an answer, then the connection is reset."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss><channel>")
    await writer.drain()
    plain: socket.socket = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def close(request: Request, writer: asyncio.StreamWriter) -> None:
    """No answer at all."""


async def noise(request: Request, writer: asyncio.StreamWriter) -> None:
    """What a TLS server would say."""
    writer.write(b"\x15\x03\x03\x00\x02\x02\x46" + GARBAGE)


async def endless_head(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 20_000)


def hostile(origin: ThreadedOrigin) -> dict[str, tuple[str, str]]:
    """By name: the address, and the stage that is to refuse it. Scripts the origin."""
    never = origin.event()
    half = rss(("h", "Half"), ("i", "of it"))
    scripts: dict[str, Callable[[str], None]] = {
        "hang": lambda path: origin.serve(path, half, hold=never),
        "hang-halfway": lambda path: origin.serve(path, half, hold_body=never),
        "cut": lambda path: origin.serve(path, half, truncate_at=100),
        "cut-chunk": lambda path: origin.serve(path, half, chunked=True, truncate_at=100),
        "reset": lambda path: origin.raw(path, reset),
        "close": lambda path: origin.raw(path, close),
        "noise": lambda path: origin.raw(path, noise),
        "endless-head": lambda path: origin.raw(path, endless_head),
        "huge": lambda path: origin.serve(path, b"<rss><channel>" + b" " * 3_000_000),
        "bomb": lambda path: origin.serve(path, b"<rss>" + b" " * 30_000_000, encoding="gzip"),
        "bad-gzip": lambda path: origin.serve(
            path, gzip.compress(half)[:-9] + b"!", headers={"Content-Encoding": "gzip"}
        ),
        "loop": lambda path: origin.serve(path, redirect=origin.url(path)),
        "inside": lambda path: origin.serve(path, redirect="http://10.0.0.1/feed"),
        "elsewhere": lambda path: origin.serve(path, redirect="file:///etc/passwd"),
        "error": lambda path: origin.serve(path, b"<html>broken</html>", status=500),
        "busy": lambda path: origin.serve(path, b"", status=502),
        "missing": lambda path: origin.serve(path, b"", status=404),
        "gone": lambda path: origin.serve(path, b"", status=410),
        "forbidden": lambda path: origin.serve(path, b"", status=403),
        "teapot": lambda path: origin.serve(path, b"short and stout", status=418),
    }
    found = {name: (origin.url(f"/{name}"), "fetch") for name in scripts}
    for name, script in scripts.items():
        script(f"/{name}")
    bodies = {
        "garbage": GARBAGE,
        "nothing": b"",
        "zeros": bytes(10_000),
        "page": b"<!DOCTYPE html><html><body>Please prove that you are human</body></html>",
        "other-json": b'{"items": "none of them"}',
        "laughs": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><lol>&b;&b;</lol>',
    }
    for name, body in bodies.items():
        origin.serve(f"/{name}", body)
        found[name] = (origin.url(f"/{name}"), "parse")
    found["no-such-host"] = ("http://nonexistent.invalid/feed", "fetch")
    found["nobody-there"] = (f"http://127.0.0.1:{free_port()}/feed", "fetch")
    found["not-tls"] = (origin.url("/garbage").replace("http:", "https:"), "fetch")
    found["private"] = ("http://10.1.2.3/feed", "fetch")
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_a_third_misbehaves_and_the_rest_is_stored(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    bad = hostile(threaded_origin)
    assert len(bad) == 30
    sources = [{"name": name, "url": url} for name, (url, _) in bad.items()]
    for number in range(GOOD):
        threaded_origin.serve(f"/good/{number}", rss((f"{number}", f"Good {number}"), ("both", "Shared")))
        sources.append({"name": f"good-{number}", "url": threaded_origin.url(f"/good/{number}")})
    Random(5).shuffle(sources)
    limits = {"timeout": "2s", "max_body": "1MiB"}
    program = Program(tmp_path, configuration([{**source, **limits} for source in sources]))

    report = program.refresh()
    assert report["exit"] == 1
    counts = {"selected": 100, "fetched": GOOD, "failed": 30, "not_modified": 0, "unchanged": 0, "skipped": 0}
    assert report["sources"] == counts
    assert report["items"] == {"new": 2 * GOOD, "updated": 0, "unchanged": 0, "dropped": 0}
    stages = {failure["source"]: failure["stage"] for failure in report["failures"]}
    assert stages == {name: stage for name, (_, stage) in bad.items()}
    assert all(failure["message"] for failure in report["failures"])

    told = json.loads(program.run("status", "--json").stdout)["sources"]
    errors = {each["name"]: each["error"] for each in told if each["error"]}
    assert {name: error["stage"] for name, error in errors.items()} == stages
    assert {each["items"] for each in told if each["name"] not in bad} == {2}
    assert {each["items"] for each in told if each["name"] in bad} == {0}


@pytest.mark.slow
def test_sources_that_turn_bad_keep_what_they_had(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    """The same hundred, after all were well once: nothing that is stored goes, and all recover."""
    bad = hostile(threaded_origin)
    names = [name for name, (url, _) in bad.items() if url.startswith(threaded_origin.base)]
    limits = {"timeout": "2s", "max_body": "1MiB"}
    sources = [{"name": name, "url": threaded_origin.url(f"/{name}"), **limits} for name in names]
    program = Program(tmp_path, configuration(sources))
    for name in names:
        threaded_origin.serve(f"/{name}", rss((name, f"From {name}")), etag='"1"')
    assert program.refresh()["sources"]["fetched"] == len(names)

    hostile(threaded_origin)
    report = program.refresh()
    assert (report["exit"], report["sources"]["failed"]) == (3, len(names))
    told = json.loads(program.run("status", "--json").stdout)["sources"]
    assert {each["items"] for each in told} == {1}

    for name in names:
        threaded_origin.serve(f"/{name}", rss((name, f"From {name}")), etag='"1"')
    report = program.refresh()
    assert report["sources"]["not_modified"] == len(names) - 1, "validators outlive failures"
    assert report["sources"]["skipped"] == 1, "the one that said it is gone"
