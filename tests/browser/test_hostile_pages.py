"""No script of an item, a feed or a publisher runs, and nothing calls home: Chromium is the judge.

Pages as we serve them; exported pages, which a file server sends without our policy; and texts of our
feeds in a bare page, as a feed reader shows them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from tests.browser.chromium import Visit
from tests.browser.conftest import Judge
from tests.browser.payloads import BEACON, PAYLOADS, PICTURES, families

pytestmark = pytest.mark.slow

# No browser runs a script of these: they hide names from the scripts of a page.
WITHOUT_SCRIPT = {"names that hide the page's own"}
VIDEO = "https://www.youtube.com/embed/"  # the one frame that stays, sandboxed
_PROVOKE = Path(__file__).with_name("provoke.js").read_text(encoding="utf-8")
WATCH = f"{_PROVOKE}(false)"
JUDGE = f"{_PROVOKE}(true)"


def check(visit: Visit) -> None:
    ran = {PAYLOADS[int(number)] if number.isdigit() else number for number in visit.ran}
    assert ran == set()
    assert called_home(visit) == []
    assert visit.told == []


def called_home(visit: Visit) -> list[tuple[str, str]]:
    """What was asked for and is neither the page nor its style, nor a picture or recording by an address
    of its own: at its host, or relative to its feed's. What the browser itself wants, its icon and its
    look of XML, counts as the page's."""
    own = [urlsplit(visit.asked[0][0]).hostname, urlsplit(PICTURES).hostname, "127.0.0.1"]
    return [
        (url, kind)
        for url, kind in visit.asked[1:]
        if not (kind in ("Image", "Media") and urlsplit(url).hostname in own)
        and not (kind == "Stylesheet" and url.endswith("/style.css") and urlsplit(url).hostname == own[0])
        and not (kind == "Other" and url == f"http://{own[0]}/favicon.ico")
        and not (kind == "Image" and url.startswith("data:image/"))
        and not (kind == "Document" and url.startswith(("about:", VIDEO)))
    ]


def bare(texts: Iterable[str]) -> str:
    """A page with each text in a frame of its own, so that none swallows the others."""
    frames = "".join(f'<iframe class="judged" srcdoc="{escape(text)}"></iframe>\n' for text in texts)
    return f"<!DOCTYPE html><meta charset=utf-8><body>{frames}"


def show(judge: Judge, html: str, script: str) -> Visit:
    judge.origin.serve(
        "/bare", html.encode("utf-8", "surrogatepass"), content_type="text/html; charset=utf-8"
    )
    return judge.browser.visit("http://bare.example/bare", script)


def test_the_judge_sees_what_runs(judge: Judge) -> None:
    """Payloads that do nothing even in an unguarded page would prove nothing."""
    open_ones = (f"{PAYLOADS[number]} \"'>words" for number in families()["left open"])
    visit = show(judge, bare([*PAYLOADS, *open_ones]), WATCH)
    ran = {int(number) for number in visit.ran if number.isdigit()}
    assert len(ran) > 80
    for name, numbers in families().items():
        assert ran.intersection(numbers) or name in WITHOUT_SCRIPT, name
    assert len({url for url, _ in called_home(visit) if url.startswith(BEACON)}) > 15


def test_the_judge_sees_what_could_run(judge: Judge) -> None:
    for markup in (
        "<svg></svg>",
        "<p onxyz=1>a",
        "<p style=a>a",
        "<a href='x:y'>a</a>",
        "<img name=body>",
        "<a id=b>",
    ):
        assert len(show(judge, bare([markup]), JUDGE).told) == 1, markup


def texts_of_feeds(judge: Judge) -> list[str]:
    """Everything in our feeds that a reader takes for HTML."""
    found: dict[str, None] = {}
    status, _, body = judge.daemon.get("/feeds/all.json")
    assert status == 200
    for item in json.loads(body)["items"]:
        found[item["content_html"]] = None
    for suffix in ("rss", "atom"):
        status, _, body = judge.daemon.get(f"/feeds/all.{suffix}")
        assert status == 200
        for element in etree.fromstring(body).iter(
            "{*}description", "{*}encoded", "{*}summary", "{*}content"
        ):
            found[element.text or ""] = None
    return list(found)


def test_texts_in_a_reader(judge: Judge) -> None:
    texts = texts_of_feeds(judge)
    assert len(texts) > 100
    check(show(judge, bare(texts), JUDGE))
    check(show(judge, "<!DOCTYPE html><meta charset=utf-8><body>" + "\n".join(texts), JUDGE))


@pytest.mark.parametrize("path", ["/", "/status", "/feeds/all.html", "/feeds/category/atom.html"])
def test_served_pages(judge: Judge, path: str) -> None:
    assert judge.daemon.get(path)[0] == 200
    check(judge.browser.visit(f"http://wire.example{path}", JUDGE))


@pytest.mark.parametrize(
    "path",
    [
        "/opml",
        "/opml/sources",
        "/feeds/category/atom.atom",
        "/feeds/category/rss.rss",
        "/feeds/category/json.json",
    ],
)
def test_served_documents(judge: Judge, path: str) -> None:
    """Opened in a browser, where an element of another vocabulary would be one of the page's."""
    status, headers, body = judge.daemon.get(path)
    assert status == 200
    assert headers["x-content-type-options"] == "nosniff"
    # As a file server that knows no feeds would send it, too: without a policy and as plain XML.
    kind = "application/json" if path.endswith("json") else "application/xml"
    judge.origin.serve("/document", body, content_type=kind)
    visit = judge.browser.visit("http://bare.example/document", WATCH)
    assert visit.ran == set()
    assert called_home(visit) == []


def test_exported_pages(judge: Judge) -> None:
    """Without our policy: files have no headers."""
    pages = sorted(judge.exported.rglob("*.html"))
    assert len(pages) > 300
    titled = [page for page in pages if page.parent.name in ("source", "publisher")]
    for page in (
        judge.exported / "index.html",
        judge.exported / "feeds/all.html",
        *titled[:: len(titled) // 4],
    ):
        path = "/" + page.relative_to(judge.exported).as_posix()
        judge.origin.serve(path, page.read_bytes(), content_type="text/html; charset=utf-8")
        check(judge.browser.visit(f"http://static.example{path}", JUDGE))


def test_titles_of_exported_pages(judge: Judge) -> None:
    """Every source has a page under a title that is a payload: their heads and headings in one page."""
    pages = [
        page.read_text(encoding="utf-8").partition("<article>")[0]
        for page in sorted((judge.exported / "feeds/source").glob("*.html"))
    ]
    assert len(pages) > len(PAYLOADS)
    visit = show(judge, "\n".join(pages), WATCH)
    assert visit.ran == set()
    assert called_home(visit) == []
