"""The story of `upstream.story`, told once: after every step all readers that are installed poll once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration
from tests.readers import subscribers
from tests.readers.front import Exchange, Front
from tests.readers.subscribers import Seen, Subscriber
from tests.readers.upstream import SOURCES, State, documents, story

FEEDS = ("all", "category/world", "source/podcast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What a reader asked in one step, and what it showed afterwards: by feed key and suffix."""

    exchanges: tuple[Exchange, ...]
    shown: Mapping[tuple[str, str], list[Seen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Reader names and steps to chapters. ``base`` is the address of our server, which still runs."""

    chapters: Mapping[tuple[str, str], Chapter]
    subscribed: Mapping[str, Subscriber]
    addresses: Mapping[str, Mapping[tuple[str, str], str]]
    base: str


def put(origin: ThreadedOrigin, state: State) -> None:
    """Have the sources say what they say in this state. From a folder left, a redirect leads on."""
    for name, (body, kind) in documents(state).items():
        origin.serve(f"{state.folder}/{name}", body, content_type=kind)
        if state.folder != "/one":
            origin.serve(f"/one/{name}", status=301, redirect=origin.url(f"{state.folder}/{name}"))


def sources(origin: ThreadedOrigin, **keys: str) -> list[dict[str, str]]:
    """Their tables in feeds.toml. Dates of "gbk" do not name their zone."""
    return [
        {"name": name, "url": origin.url(f"/one/{name}"), "category": category, **keys}
        | ({"timezone": "Asia/Shanghai"} if name == "gbk" else {})
        for name, category in SOURCES.items()
    ]


def feed_urls(base: str, kind: type[Subscriber]) -> dict[tuple[str, str], str]:
    """The addresses that a reader subscribes to, by feed key and suffix."""
    return {(key, suffix): f"{base}/feeds/{key}.{suffix}" for key in FEEDS for suffix in kind.suffixes}


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("readers")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("no_proxy", "127.0.0.1")
        origin = stack.enter_context(ThreadedOrigin())
        program = Program(folder, configuration(sources(origin)))
        program.run("refresh", "guids")  # makes the database that `serve` waits for
        origin.requests.clear()
        daemon = stack.enter_context(Daemon(program, "serve"))
        fronts, subscribed, addresses = {}, {}, {}
        for kind in subscribers.ALL:
            if kind.missing() is None:
                fronts[kind.name] = stack.enter_context(Front(daemon.base))
                addresses[kind.name] = feed_urls(fronts[kind.name].base, kind)
                subscribed[kind.name] = kind(folder, list(addresses[kind.name].values()))
        chapters = {}
        for step, state in story().items():
            put(origin, state)
            if step == "restarted":
                daemon.stop()
                daemon = stack.enter_context(Daemon(program, "serve"))
                for front in fronts.values():
                    front.behind = daemon.base
            report = program.refresh()
            assert report["exit"] == 0, (step, report)
            for name, subscriber in subscribed.items():
                start = len(fronts[name].exchanges)
                subscriber.poll()
                chapters[name, step] = Chapter(
                    exchanges=tuple(fronts[name].exchanges[start:]),
                    shown={feed: subscriber.seen(url) for feed, url in addresses[name].items()},
                )
        yield Told(chapters=chapters, subscribed=subscribed, addresses=addresses, base=daemon.base)


@pytest.fixture(params=subscribers.ALL, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[Subscriber]:
    """Each reader; the test is skipped where it is not installed."""
    reason = request.param.missing()
    if reason is not None:
        pytest.skip(reason)
    return request.param


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a reader of one test keeps its things."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder
