"""robots.txt: what it says, when it is asked, and what it may cost. Times are arguments, in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from aggregator.errors import DisallowedError, HeldError, NetworkError, RefusedError, StatusError
from aggregator.fetch import address
from aggregator.fetch.address import MAX_OCTETS
from aggregator.fetch.budget import Budget
from aggregator.fetch.client import Client
from aggregator.fetch.robots import (
    AGAIN_S,
    MAX_BYTES,
    MAX_HELD,
    MAX_KEPT_S,
    MAX_RULES,
    MAX_SITES,
    PATIENCE_S,
    Robots,
    kept_s,
    ours,
    read,
)
from aggregator.model.http import FetchRequest, FetchResult
from tests.fetch.conftest import MakeClient
from tests.origin import Origin, Request, Response

PLACE = "/robots.txt"
Ask = Callable[..., Awaitable[float]]


@pytest.fixture
async def client(make_client: MakeClient) -> Client:
    return await make_client()


@pytest.fixture
def asked(client: Client) -> Robots:
    return Robots(client.fetch)


@pytest.fixture
def ask(origin: Origin, asked: Robots) -> Ask:
    """Asks whether a path of the origin may be read, at a time."""
    return lambda path="/page", now=0.0: asked.ask(address.parse(origin.url(path)), now, Budget(30.0))


def may(text: str, path: str = "/page") -> bool:
    return read(text.encode()).allow(f"https://site.example{path}")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow:", True),
        ("Disallow: /", True),  # for nobody
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: other\nUser-agent: AGGREGATOR\nDisallow: /", False),
        ("User-agent: aggregator/1.0\nDisallow: /", False),
        ("User-agent: aggregator2\nDisallow: /", True),
        ("User-agent: agg\nDisallow: /", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: aggregator\nAllow: /", True),
        ("User-agent: aggregator\n\nUser-agent: *\nDisallow: /", False),
        ("User-agent: aggregator\nDisallow:\nUser-agent: *\nDisallow: /", True),
        (
            "User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\nUser-agent: *\nDisallow: /page",
            False,
        ),
        ("User-agent: *\nCrawl-delay: 5\nUser-agent: other\nDisallow: /", True),
        (
            "User-agent: *\nSitemap: https://site.example/s.xml\nContent-Signal: search=yes\nDisallow: /",
            False,
        ),
        ("User-agent: *\rDisallow: /\r", False),
        ("\ufeffUser-agent: *\r\nDisallow: / # all of it\r\n", False),
        ("User-agent: *\nDisallow: /p*e$", False),
        ("User-agent: *\nDisallow: /p\nAllow: /pag", True),
        ("User-agent: *\nDisallow: /PAGE", True),
        ("<!DOCTYPE html>\n<iframe\nallow='x'\n><p>User-agent: *\nDisallow: /", True),
    ],
)
def test_which_rules_are_ours(text: str, allowed: bool) -> None:
    assert may(text) is allowed


def test_octets_are_compared_however_they_are_written() -> None:
    text = "User-agent: *\nDisallow: /%e6%96%b0?a=\nDisallow: /b/*.php\n"
    assert not may(text, "/%E6%96%B0?a=1")
    assert may(text, "/%E6%96%B0")
    assert not may(text, "/b/x/y.php?z")
    assert may(text, "//b/x.php")


@pytest.mark.parametrize(
    ("lines", "gap_s"),
    [
        ("Crawl-delay: 2.5", 2.5),
        ("Crawl-delay: 3600", 30),
        ("Crawl-delay: -1", 0),
        ("Crawl-delay: 1e999", 0),
        ("Crawl-delay: soon", 0),
        ("Request-rate: 1/10", 10),
        ("Request-rate: 10/1m", 6),
        ("Request-rate: 1/1d", 30),
        (f"Request-rate: 1/{'9' * 4000}", 30),
        (f"Request-rate: {'9' * 4000}/1", 0),
        ("Request-rate: 1/10\nCrawl-delay: 4", 10),
    ],
)
def test_wishes_for_a_pace_are_bounded(lines: str, gap_s: float) -> None:
    assert read(f"User-agent: *\n{lines}".encode()).gap_s == pytest.approx(gap_s)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 86400),
        ("max-age=7200", 7200),
        ("public, MAX-AGE=60", 3600),
        ("max-age=99999999999999999999", 86400),
        ("no-store", 86400),
        ("max-age=soon", 86400),
    ],
)
def test_how_long_it_holds(value: str, seconds: float) -> None:
    assert kept_s({"cache-control": value}) == seconds


async def test_it_is_asked_for_once_however_many_ask_and_again_when_its_time_is_over(
    origin: Origin, ask: Ask
) -> None:
    arrived = asyncio.Event()
    origin.serve(PLACE, "User-agent: *\nDisallow: /no\nCrawl-delay: 3", hold=arrived)
    asking = [asyncio.create_task(ask(f"/{n}")) for n in range(20)]
    await origin.wait_for(PLACE)
    arrived.set()
    assert await asyncio.gather(*asking) == [3.0] * 20
    origin.serve(PLACE, "User-agent: *\nDisallow: /\n", headers={"Cache-Control": "max-age=7200"})
    assert await ask(now=MAX_KEPT_S - 1) == 3.0
    assert origin.count(PLACE) == 1
    later = MAX_KEPT_S
    with pytest.raises(DisallowedError):
        await ask(now=later)
    origin.serve(PLACE, "")
    with pytest.raises(DisallowedError):
        await ask(now=later + 7199)
    assert await ask(now=later + 7200) == 0.0
    assert origin.count(PLACE) == 3


async def test_who_asks_first_may_go_away(origin: Origin, ask: Ask) -> None:
    origin.serve(PLACE, [Response(hold=asyncio.Event()), Response(body=b"User-agent: *\nDisallow: /")])
    first = asyncio.create_task(ask())
    await origin.wait_for(PLACE)
    second = asyncio.create_task(ask())
    first.cancel()
    with pytest.raises(DisallowedError):
        await second


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410, 451])
async def test_where_there_is_none_nothing_is_forbidden(origin: Origin, ask: Ask, status: int) -> None:
    origin.serve(PLACE, "User-agent: *\nDisallow: /", status=status)
    assert [await ask(), await ask("/other", MAX_KEPT_S - 1)] == [0.0, 0.0]
    assert origin.count(PLACE) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_fails_is_asked_nothing(origin: Origin, ask: Ask, status: int) -> None:
    origin.serve(PLACE, [Response(status=status), Response(body=b"")])
    for now in (0.0, AGAIN_S - 1):
        with pytest.raises(StatusError, match=rf"{origin.url(PLACE)} could not be read: .* {status}") as told:
            await ask(now=now)
        assert (told.value.status, told.value.transient) == (status, True)
    assert origin.count(PLACE) == 1
    assert await ask(now=AGAIN_S) == 0.0


async def test_retry_after_holds_the_host(origin: Origin, client: Client) -> None:
    origin.serve(PLACE, status=503, headers={"Retry-After": "120"})
    with pytest.raises(StatusError, match="could not be read") as told:
        await client.fetch(FetchRequest(url=origin.url("/page"), robots=True))
    assert told.value.retry_after_s == pytest.approx(120, abs=5)
    assert told.value.held_host == origin.url("/").split("/")[2], "which is to outlive a restart"
    for asking in (True, False):
        with pytest.raises(HeldError):
            await client.fetch(FetchRequest(url=origin.url("/feed"), robots=asking))
    assert [request.path for request in origin.requests] == [PLACE]


async def test_an_answer_that_is_cut_off_is_a_failure(origin: Origin, ask: Ask) -> None:
    origin.serve(PLACE, "User-agent: *\nAllow: /", truncate_at=5)
    with pytest.raises(NetworkError, match="could not be read") as told:
        await ask()
    assert told.value.transient


async def test_what_was_known_counts_while_the_server_fails(origin: Origin, ask: Ask) -> None:
    origin.serve(PLACE, [Response(body=b"User-agent: *\nDisallow: /no"), Response(status=500)])
    await ask()
    for now in (MAX_KEPT_S, 5 * MAX_KEPT_S, 5 * MAX_KEPT_S + AGAIN_S / 2):
        assert await ask(now=now) == 0.0
        with pytest.raises(DisallowedError):
            await ask("/no", now)
    assert origin.count(PLACE) == 3


async def test_asking_takes_no_longer_than_the_poll_may(origin: Origin, client: Client) -> None:
    origin.serve(PLACE, hold=asyncio.Event())
    with pytest.raises(NetworkError, match=r"could not be read: .* no whole answer within 0\.05 s"):
        await client.fetch(FetchRequest(url=origin.url("/page"), robots=True, timeout_s=0.05))
    assert origin.count("/page") == 0


async def test_asking_is_a_part_of_the_poll(origin: Origin, client: Client) -> None:
    async def slowly(request: Request) -> Response:
        answer_now = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, answer_now.set)
        await answer_now.wait()
        return Response(body=b"")

    origin.serve(PLACE, slowly)
    origin.serve("/page", "text")
    answer = await client.fetch(FetchRequest(url=origin.url("/page"), robots=True))
    assert answer.elapsed_s >= 0.09
    with pytest.raises(NetworkError, match="no whole answer"):
        await client.fetch(FetchRequest(url=origin.url("/page"), robots=True), Budget(10.0, used_s=10.0))


class Silent:
    """A web that answers with nothing in whatever time there is; ``asked`` with how much of it."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.rules: bytes | None = None

    async def fetch(self, request: FetchRequest, budget: Budget) -> FetchResult:
        self.asked.append(budget.total_s)
        if self.rules is not None:
            return FetchResult(
                url=request.url, status=200, headers={}, body=self.rules, elapsed_s=0.0, wire_bytes=0
            )
        budget.used_s = budget.total_s
        raise NetworkError("nothing came")


async def test_who_has_little_time_left_spoils_nothing_for_who_has_more() -> None:
    web = Silent()
    sites = Robots(web.fetch)
    target = address.parse("http://site.example/page")
    for left_s in (2.0, 3.0, 30.0, 600.0):
        with pytest.raises(NetworkError, match="nothing came"):
            await sites.ask(target, 0.0, Budget(700.0, used_s=700.0 - left_s))
    assert web.asked == [2.0, PATIENCE_S], "a little more, or for ever, is not worth a further try"
    web.rules = b"User-agent: *\nCrawl-delay: 3"
    with pytest.raises(NetworkError):
        await sites.ask(target, AGAIN_S - 1, Budget(30.0))
    assert await sites.ask(target, AGAIN_S, Budget(1.0)) == 3.0


async def test_what_was_known_counts_before_the_time_of_the_poll_is_over() -> None:
    web = Silent()
    sites = Robots(web.fetch)
    target = address.parse("http://site.example/page")
    web.rules = b"User-agent: *\nCrawl-delay: 3"
    await sites.ask(target, 0.0, Budget(30.0))
    web.rules = None
    budget = Budget(10.0, used_s=2.0)
    assert await sites.ask(target, MAX_KEPT_S, budget) == 3.0
    assert (web.asked, budget.used_s) == ([30.0, 4.0], 6.0)
    assert await sites.ask(target, MAX_KEPT_S, Budget(30.0)) == 3.0
    assert len(web.asked) == 2


async def test_redirects_are_followed_and_count_for_who_was_asked(
    origin: Origin, make_client: MakeClient
) -> None:
    async with Origin() as other:
        client = await make_client(allow_private=("127.0.0.1",))
        origin.serve(PLACE, redirect=other.url("/rules"))
        other.serve("/rules", "User-agent: *\nDisallow: /page")
        other.serve("/page", "theirs")
        with pytest.raises(DisallowedError, match=origin.url(PLACE)):
            await client.fetch(FetchRequest(url=origin.url("/page"), robots=True))
        assert (await client.fetch(FetchRequest(url=other.url("/page"), robots=True))).body == b"theirs"


async def test_no_redirect_leads_inside(origin: Origin, client: Client) -> None:
    async with Origin() as inside:
        origin.serve(PLACE, redirect=inside.url("/secret"))
        with pytest.raises(RefusedError, match=r"robots.txt could not be read: .* private address"):
            await client.fetch(FetchRequest(url=origin.url("/page"), robots=True))
        assert (inside.connections, origin.count("/page")) == (0, 0)


async def test_each_server_on_the_way_of_a_redirect_is_asked(origin: Origin, make_client: MakeClient) -> None:
    async with Origin() as other:
        client = await make_client(allow_private=("127.0.0.1",))
        origin.serve("/page", redirect=other.url("/page"))
        other.serve(PLACE, "User-agent: *\nDisallow: /page")
        with pytest.raises(DisallowedError, match=other.url(PLACE)):
            await client.fetch(FetchRequest(url=origin.url("/page"), robots=True))
        assert [request.path for request in origin.requests] == [PLACE, "/page"]
        assert [request.path for request in other.requests] == [PLACE]


async def test_it_is_asked_without_secrets_and_only_when_wanted(origin: Origin, client: Client) -> None:
    origin.serve("/page", "text")
    await client.fetch(FetchRequest(url=origin.url("/page")))
    url = origin.url("/page").replace("//", "//me:pass@")
    await client.fetch(FetchRequest(url=url, headers={"X-Key": "k"}, robots=True))
    assert [request.path for request in origin.requests] == ["/page", PLACE, "/page"]
    _, asking, reading = origin.requests
    assert not {"x-key", "authorization"} & asking.headers.keys()
    assert {"x-key", "authorization"} <= reading.headers.keys()


async def test_a_wish_for_a_pace_keeps_requests_apart(origin: Origin, make_client: MakeClient) -> None:
    async with Origin() as other:
        client = await make_client(allow_private=("127.0.0.1",))
        origin.serve(PLACE, "User-agent: *\nCrawl-delay: 30")
        origin.serve("/page", "text")
        other.serve("/page", "text")
        request = FetchRequest(url=origin.url("/page"), robots=True)
        await client.fetch(request)
        second = asyncio.create_task(client.fetch(request))
        for _ in range(3):  # time enough to arrive, were it not kept waiting
            await client.fetch(FetchRequest(url=other.url("/page")))
        assert (origin.count("/page"), second.done()) == (1, False)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_of_a_huge_one_the_beginning_counts(origin: Origin, ask: Ask, encoding: str | None) -> None:
    head = b"User-agent: *\nDisallow: /no\n"
    filler = b"# nothing\n" * (MAX_BYTES // 10 - 4)
    end = MAX_BYTES - len(head) - len(filler)
    cut = b"x" * (end - 12) + b"\nDisallow: /page/which-is-cut-off\n"
    origin.serve(PLACE, head + filler + cut + b"Disallow: /\n" * 10**6, encoding=encoding)
    assert await ask() == 0.0
    with pytest.raises(DisallowedError):
        await ask("/no")


async def test_one_that_never_ends_is_left(origin: Origin, ask: Ask) -> None:
    left = asyncio.Event()

    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /no\n")
        try:
            while True:
                writer.write(b"# and on\n" * 1000)
                await writer.drain()
        except OSError:
            left.set()

    origin.raw(PLACE, endless)
    assert await ask() == 0.0
    with pytest.raises(DisallowedError):
        await ask("/no")
    await asyncio.wait_for(left.wait(), 10)


ATTACKS = {
    "names times rules": "".join(f"User-agent: {n}\n" for n in range(15_000))
    + "".join(f"Allow: /{n}\n" for n in range(20_000)),
    "wildcards": "User-agent: *\nDisallow: /" + "*a" * 200_000 + "b",
    "rules with wildcards": "User-agent: *\n" + f"Disallow: /*{'a' * 30}b\n" * 10_000,
    "rules twice each": "User-agent: *\n" + "Allow:/$*/index.html\n" * 20_000,
    "blank lines": "\n" * MAX_BYTES,
    "blanks": "User-agent: *\n" + " " * (MAX_BYTES // 2) + "Disallow" + " " * (MAX_BYTES // 3),
    "one long word": "di" + "l" * (MAX_BYTES - 10),
}


def served(body: bytes) -> Robots:
    """Of a web on which every site has this robots.txt, and answers at once."""

    async def fetch(request: FetchRequest, budget: Budget) -> FetchResult:
        return FetchResult(url=request.url, status=200, headers={}, body=body, elapsed_s=0.0, wire_bytes=0)

    return Robots(fetch)


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
async def test_a_hostile_one_ends_and_lets_others_in_between(text: str) -> None:
    """Names times rules would take minutes, and more memory than there is."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    target = address.parse("http://site.example/" + "a" * 7900)
    assert await served(text.encode()).ask(target, 0.0, Budget(30.0)) == 0.0
    assert turns
    beside.cancel()


async def test_what_is_remembered_is_bounded() -> None:
    async def known(sites: Robots, count: int) -> int:
        for n in range(count):
            await sites.ask(address.parse(f"http://a.example:{n + 1}/"), 0.0, Budget(30.0))
            await sites.ask(address.parse("http://in-use.example/"), 0.0, Budget(30.0))
        return len(sites)

    assert await known(served(b""), MAX_SITES + 10) == MAX_SITES
    rules = "User-agent: *\n" + "".join(f"Allow: /{n}\n" for n in range(1000))
    size = read(rules.encode()).size
    assert await known(served(rules.encode()), MAX_HELD // size + 10) == MAX_HELD // size


async def test_the_site_that_was_asked_last_is_forgotten_last() -> None:
    asked: list[str] = []

    async def fetch(request: FetchRequest, budget: Budget) -> FetchResult:
        asked.append(request.url)
        raise StatusError("none", status=404)

    sites = Robots(fetch)
    for n in range(MAX_SITES + 10):
        await sites.ask(address.parse(f"http://a.example:{n + 1}/"), 0.0, Budget(30.0))
        await sites.ask(address.parse("http://in-use.example/"), 0.0, Budget(30.0))
    assert asked.count("http://in-use.example/robots.txt") == 1


def test_lines_for_nobody_are_not_kept() -> None:
    assert ours("User-agent: a\nDisallow: /\nUser-agent: *\nAllow: /x # y\nNoindex: /\n") == ["Allow: /x "]


def test_of_rules_the_first_lines_count_and_of_lines_those_of_a_length_that_addresses_have() -> None:
    many = "User-agent: *\n" + "Allow: /a\n" * (MAX_RULES - 1) + "Disallow: /last\nDisallow: /beyond\n"
    assert not may(many, "/last")
    assert may(many, "/beyond")
    assert may("User-agent: *\nDisallow: /" + "*" * MAX_OCTETS)
