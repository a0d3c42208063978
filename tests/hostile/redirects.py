"""Redirects: without end, to where nobody may go, and to where nobody has anything to look for."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

from collections.abc import Callable

from tests.hostile.case import Case, Expect, Places, Script, fails, reads, says
from tests.hostile.transport import BRIEF, SLOW, dripping
from tests.origin import RawHandler, Request, Response

PRIVATE = fails("fetch", "RefusedError", "private address")
SCHEME = fails("fetch", "RefusedError", "are not fetched")
Where = Callable[[Places], str]


def to(where: Where, status: int = 302) -> Script:
    # Headers are octets: what is not ASCII goes as UTF-8, as servers send it.
    return lambda places: Response(status=status, redirect=where(places).encode().decode("latin-1"))


def growing(places: Places) -> RawHandler:
    """Always on to a longer address of its own."""

    async def answer(request: Request, writer) -> None:  # type: ignore[no-untyped-def]
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: {request.path}?x\r\nContent-Length: 0\r\n\r\n".encode()
        )

    return answer


def leads(name: str, where: Where, expect: Expect, status: int = 302) -> Case:
    return Case(name=f"to-{name}", answer=to(where, status), expect=expect)


CASES = (
    leads("itself", lambda places: places.own, fails("fetch", "RefusedError", "in a loop")),
    Case(name="to-ever-more", answer=growing, expect=fails("fetch", "RefusedError", "more than 5 redirects")),
    Case(
        name="dripping-redirect",
        answer=dripping("HTTP/1.1 302 Found\nX-Slow: ", b"a"),
        expect=SLOW,
        keys=BRIEF,
    ),
    Case(name="to-nowhere", answer=says("HTTP/1.1 302 Found\nContent-Length: 0\n\n"),
         expect=fails("fetch", "StatusError", "answered 302")),
    Case(name="to-an-empty-address", answer=says("HTTP/1.1 302 Found\nLocation:\nContent-Length: 0\n\n"),
         expect=fails("fetch", "RefusedError", "in a loop")),
    leads("inside", lambda places: f"{places.inside}/feed", PRIVATE),
    leads("inside-for-ever", lambda places: f"{places.inside}/feed", PRIVATE, status=301),
    leads("inside-mapped", lambda places: f"http://[::ffff:127.0.0.66]:{places.inside_port}/", PRIVATE),
    leads("inside-compatible", lambda places: f"http://[::127.0.0.66]:{places.inside_port}/",
          fails("fetch", "RefusedError")),
    leads("inside-full-width", lambda places: f"http://１２７.0.0.66:{places.inside_port}/", PRIVATE),
    leads("inside-as-a-number", lambda places: f"http://2130706498:{places.inside_port}/",
          fails("fetch", "NetworkError|RefusedError")),
    leads("inside-in-hexadecimal", lambda places: f"http://0x7f.0.0.0x42:{places.inside_port}/",
          fails("fetch", "NetworkError|RefusedError")),
    leads("inside-behind-a-name", lambda places: f"http://{places.host}@127.0.0.66:{places.inside_port}/", PRIVATE),
    leads("inside-without-scheme", lambda places: f"//127.0.0.66:{places.inside_port}/", PRIVATE),
    leads("cloud-metadata", lambda places: "http://169.254.169.254/latest/meta-data/", PRIVATE),
    leads("a-private-network", lambda places: "http://10.0.0.1/feed", PRIVATE),
    leads("all-interfaces", lambda places: f"http://0.0.0.0:{places.inside_port}/", PRIVATE),
    leads("a-file", lambda places: "file:///etc/passwd", SCHEME),
    leads("a-script", lambda places: "javascript:alert(1)", SCHEME),
    leads("data", lambda places: "data:text/xml,<rss/>", SCHEME),
    leads("ftp", lambda places: "ftp://127.0.0.66/feed", SCHEME),
    leads("gopher", lambda places: "gopher://127.0.0.66:25/_HELO", SCHEME),
    leads("no-address", lambda places: "http://[::1/", fails("fetch", "RefusedError", "not valid")),
    leads("no-port", lambda places: "http://site.example:99999/", fails("fetch", "RefusedError", "not valid")),
    leads("an-endless-address", lambda places: "/" + "x" * 9000, fails("fetch", "RefusedError", "8000 octets")),
    leads("octets", lambda places: "/caf\xe9\xff", fails("fetch", "StatusError", "answered 404")),
    leads("a-line-break", lambda places: "/a%0d%0aX-Evil:%20b", fails("fetch", "StatusError", "answered 404")),
    leads("a-parked-domain", lambda places: f"{places.other}/parked", fails("parse", "NotAFeed", "an HTML page"), 301),
    leads("a-well-one", lambda places: f"{places.other}/well", reads(2)),
    leads("a-well-one-for-good", lambda places: f"{places.other}/well", reads(2), 308),
    leads("a-well-one-with-password",
          lambda places: places.other.replace("//", "//me:secret@") + "/well", reads(2)),
    Case(
        name="with-a-key-to-somebody-else",
        answer=to(lambda places: f"{places.other}/well"),
        expect=reads(2),
        keys={"headers.Authorization": "Bearer s3cret"},
    ),
)  # fmt: skip
