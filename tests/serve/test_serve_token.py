"""With a token set, who does not know it learns nothing, and who does reads as ever."""

from __future__ import annotations

import hmac
import json
import re
import signal
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from aggregator.serve import access
from tests.origin import ThreadedOrigin
from tests.program import HEAD, WAIT_S, Daemon, Program, configuration, fetch, rss

TOKEN = "a+b/c=d:e%f&g?h#i;%41"  # every character that means something somewhere
PATHS = (
    "/",
    "/style.css",
    "/feeds/all.atom",
    "/feeds/source/acme.json",
    "/feeds/all.html",
    "/feeds/all",
    "/feeds/nothing.atom",
    "/opml",
    "/opml/sources",
    "/status",
    "/metrics",
    "/nothing",
)
IN_CACHES = "private, max-age=60"


def basic(password: str | bytes, user: str = "anybody") -> str:
    octets = password if isinstance(password, bytes) else password.encode()
    return f"Basic {b64encode(user.encode() + b':' + octets).decode()}"


def in_query(token: str) -> str:
    return f"?token={quote(token, safe='')}"


def with_token(value: str) -> str:
    return HEAD.replace("[server]", f"[server]\ntoken = {value}")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("token")
    (folder / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with ThreadedOrigin() as origin:
        origin.serve("/acme", rss(("g", "Title")))
        source = {"name": "acme", "url": origin.url("/acme"), "category": "news"}
        export = '\n[[export]]\ndirectory = "site"\nformat = "html"\n'
        head = with_token('{file = "token"}')
        program = Program(folder, configuration([source], head) + export)
        assert program.refresh()["items"]["new"] == 1
    return program


@pytest.fixture(scope="module")
def served(program: Program) -> Iterator[Daemon]:
    with Daemon(program, "serve", log_level="debug") as daemon:
        yield daemon
        told = "".join(daemon.lines)
        assert TOKEN not in told
        assert in_query(TOKEN) not in told
        assert "token=" not in told
        assert '"level": "error"' not in told


def raw(served: Daemon, *lines: bytes, last: tuple[bytes, ...] = (b"Connection: close",)) -> bytes:
    """What comes for a head of these lines, until the server hangs up."""
    parts = urlsplit(served.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=WAIT_S) as connection:
        connection.sendall(b"\r\n".join([*lines, b"Host: a", *last, b"", b""]))
        got = b""
        while part := connection.recv(65536):
            got += part
    return got


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_without_it_every_path_answers_alike(served: Daemon, path: str, method: str) -> None:
    status, headers, body = fetch(served.base + path, {}, method)
    reference = fetch(served.base + "/nowhere", {}, method)
    assert (status, body) == (401, reference[2])
    assert headers["www-authenticate"] == 'Basic realm="aggregator", charset="UTF-8"'
    assert {**headers, "date": ""} == {**reference[1], "date": ""}
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-cache"
    assert (b"<h1>401 Unauthorized</h1>" in body) == (method != "HEAD")
    assert "allow" not in headers


def test_health_checks_need_none(served: Daemon) -> None:
    for path, said in (("/healthz", b"ok\n"), ("/readyz", b"ready\n")):
        status, headers, body = served.get(path)
        assert (status, body) == (200, said)
        assert not {"vary", "cache-control"} & headers.keys()
        assert served.get(f"{path}/")[0] == served.get(f"{path}%2f")[0] == 401
    assert served.get("/%68ealthz")[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_each_way_of_telling_it_opens_every_path(served: Daemon, path: str) -> None:
    by_basic = served.get(path, Authorization=basic(TOKEN))
    assert by_basic[0] == {"/feeds/all": 303, "/nothing": 404, "/feeds/nothing.atom": 404}.get(path, 200)
    answers = [
        served.get(path, Authorization=f"Bearer {TOKEN}"),
        served.get(path, Authorization=basic(TOKEN, user="")),
        served.get(path, Authorization=basic(TOKEN).replace("Basic", "bAsIc ")),
        served.get(path + in_query(TOKEN)),
        served.get(f"{path}?utm=x&token={quote(TOKEN, safe='+')}"),
        served.get(path + in_query(TOKEN), Authorization=basic("of a proxy in front")),
    ]
    for status, headers, body in answers:
        assert status == by_basic[0]
        if path not in ("/metrics", "/opml/sources"):  # these change by themselves
            assert body == by_basic[2]
        assert headers["cache-control"].split(", ")[0] == "private"
        assert "public" not in headers["cache-control"]
        assert headers["vary"].endswith("Authorization")
        assert TOKEN.encode() not in body
        assert b"token=" not in body
    head = fetch(served.base + path, {"Authorization": basic(TOKEN)}, "HEAD")
    assert (head[0], head[2]) == (by_basic[0], b"")


def test_conditional_requests_and_encodings_go_on_working(served: Daemon) -> None:
    known = {"Authorization": basic(TOKEN)}
    _, headers, _ = served.get("/feeds/all.atom", **known)
    assert (headers["cache-control"], headers["vary"]) == (IN_CACHES, "Accept-Encoding, Authorization")
    again = served.get("/feeds/all.atom", **known, If_None_Match=headers["etag"])
    assert (again[0], again[1]["cache-control"], again[1]["vary"]) == (304, IN_CACHES, headers["vary"])
    assert served.get("/feeds/all.atom", If_None_Match=headers["etag"])[0] == 401
    by_query = served.get(f"/feeds/all.atom{in_query(TOKEN)}", If_None_Match=headers["etag"])
    assert by_query[0] == 304
    packed = served.get("/opml", **known, Accept_Encoding="gzip")
    assert packed[1]["vary"] == "Accept-Encoding, Authorization"


def test_a_redirect_keeps_it_only_where_it_was_in_the_query(served: Daemon) -> None:
    target = "/feeds/source/acme.atom"
    for known in (basic(TOKEN), f"Bearer {TOKEN}"):
        status, headers, _ = served.get("/feeds/source/acme", Authorization=known)
        assert (status, headers["location"]) == (303, target)
        assert served.get("/feeds/source/acme?token=wrong", Authorization=known)[1]["location"] == target
    status, headers, body = served.get(f"/feeds/source/acme{in_query(TOKEN)}&x=1")
    assert (status, headers["location"]) == (303, target + in_query(TOKEN))
    assert (headers["vary"], headers["cache-control"]) == ("Accept, Authorization", "private")
    assert b"token" not in body
    assert served.get(headers["location"])[0] == 200


WRONG = [
    b"",
    b"Basic",
    b"Basic ",
    b"Basic !!!!",
    b"Basic YQ",
    b"Basic YQ==",
    b"Basic \xff\xfe",
    b"Basic " + b64encode(TOKEN.encode()),
    b"Basic " + b64encode(b"anybody:" + TOKEN[:-1].encode()),
    b"Basic " + b64encode(b"anybody:" + TOKEN.encode() + b"\0"),
    b"Basic " + b64encode(b"anybody:\xff\xed\xa0\x80"),
    b"Basic " + b64encode(b"anybody:" + "пароль".encode()),
    b"Basic " + basic(TOKEN).encode(),
    b"Basic " + b64encode(b"a:" + b"x" * 5000),
    b"Bearer",
    b"Bearer " + TOKEN.encode() + b" " + TOKEN.encode(),
    b"Bearer \xed\xa0\x80\xff",
    b"Bearer " + b"x" * 7000,
    b"Digest username=x",
    TOKEN.encode(),
]


@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_whatever_else_stands_in_its_place_is_wrong(served: Daemon, value: bytes) -> None:
    answer = raw(served, b"GET /feeds/all.atom HTTP/1.1", b"Authorization: " + value)
    assert answer.startswith(b"HTTP/1.1 401 ")


ODD_QUERIES = [
    b"token",
    b"token=",
    b"token=%",
    b"token=%ff%fe%ed%a0%80",
    b"token=\xff\xfe",
    b"token=" + b"%41" * 2000,
    b"token=" + TOKEN.encode().replace(b"#", b"%23"),  # unquoted, it ends at its ampersand
    b"Token=" + quote(TOKEN, safe="").encode(),
    in_query(TOKEN)[1:].encode() + b"&" + in_query(TOKEN)[1:].encode(),
    b"token[]=" + quote(TOKEN, safe="").encode(),
    b"&" * 3000,
]


@pytest.mark.parametrize("query", ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_odd_queries_are_wrong(served: Daemon, query: bytes) -> None:
    answer = raw(served, b"GET /feeds/all.atom?" + query + b" HTTP/1.1")
    # Octets that no address may have are refused before anybody looks at them.
    assert answer.split()[1] == (b"400" if b"\xff" in query else b"401")


def test_of_several_headers_none_counts(served: Daemon) -> None:
    right = b"Authorization: " + basic(TOKEN).encode()
    for other in (right, b"Authorization: Basic x", b"Authorization:"):
        assert raw(served, b"GET / HTTP/1.1", right, other).startswith(b"HTTP/1.1 401 ")
    assert raw(served, b"GET / HTTP/1.1", right).startswith(b"HTTP/1.1 200 ")


def test_a_body_is_not_waited_for(served: Daemon) -> None:
    answer = raw(served, b"POST /feeds/all.atom HTTP/1.1", b"Content-Length: 100000", last=())
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], "y" * len(TOKEN), "x" * 9000, "ü\ud800\udcff"])
def test_what_is_compared_has_one_length_and_takes_one_time(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time itself is not for a test to measure: it watches that nothing else compares."""
    compared: list[tuple[int, int]] = []
    compare: Callable[[bytes, bytes], bool] = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert access.way(TOKEN, [f"Bearer {wrong}"], f"token={wrong}") is None
    assert access.way(TOKEN, [f"Bearer {TOKEN}"], "") == "header"
    assert access.way(TOKEN, [], in_query(TOKEN)[1:]) == "query"
    assert compared == [(32, 32)] * 4


def test_it_is_nowhere_in_what_the_program_says_or_writes(program: Program) -> None:
    shown = program.run("check", "--json")
    assert json.loads(shown.stdout)["effective"]["server"]["token"] == "***"
    said = [shown, program.run("check"), program.run("export"), program.run("status", "--json")]
    said += [program.run("opml", "export"), program.run("opml", "export", "--feeds")]
    assert all(each.returncode == 0 for each in said)
    written = [path.read_text(encoding="utf-8") for path in (program.folder / "site").rglob("*.*ml")]
    assert len(written) > 3
    assert TOKEN not in "".join([*written, *(each.stdout + each.stderr for each in said)])


@pytest.mark.parametrize("verb", ["run", "serve"])
def test_a_reload_takes_another_one_also_for_open_connections(
    verb: str, tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    from http.client import HTTPConnection

    threaded_origin.serve("/acme", rss(("g", "Title")))
    source = {"name": "acme", "url": threaded_origin.url("/acme"), "every": "1h"}
    secret = tmp_path / "secret"
    program = Program(tmp_path, configuration([source]))
    program.refresh()
    with Daemon(program, verb) as daemon:
        host, port = daemon.base.removeprefix("http://").split(":")
        lasting = HTTPConnection(host, int(port), timeout=WAIT_S)

        def status(token: str) -> int:
            lasting.request("GET", "/feeds/all.atom", headers={"Authorization": basic(token)})
            answer = lasting.getresponse()
            answer.read()
            return answer.status

        def reload(token: str | None, event: str, count: int) -> None:
            if token is not None:
                secret.write_text(token, encoding="utf-8")
            head = HEAD if token is None else with_token('{file = "secret"}')
            program.write(configuration([source], head))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(event, count)

        first, second = "first-" + "x" * 12, "second-" + "x" * 12
        assert status("none") == 200
        same = lasting.sock
        reload(first, "config.reloaded", 1)
        assert (status("none"), status(first), status(second)) == (401, 200, 401)
        reload(second, "config.reloaded", 2)
        assert (status("none"), status(first), status(second)) == (401, 401, 200)
        reload("short", "config.refused", 1)
        assert (status("none"), status(first), status(second)) == (401, 401, 200)
        reload(None, "config.reloaded", 3)
        assert status("none") == 200
        assert lasting.sock is same
        lasting.close()
        told = "".join(daemon.lines)
    assert daemon.status == 0
    assert not re.search(r"first-|second-|needs_restart", told)
    assert "server: token: expected at least 16" in told
