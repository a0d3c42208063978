"""A finance wire that has grown: many publishers, many items, and what a hundred new ones cost.

    python -m tests.bench.wire --items 40000 --publishers 2000 --new 100 --rounds 3

Its listings are JSON over HTTP. Those of the stock carry the articles' text; that of the news asks for
each new item's article, as wires do. Crawl and both kinds of export run as processes of their own. Ends
with 1 when a program did not do its work.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from tests.bench import content, measure
from tests.bench.sides import WrongCount, environment
from tests.bench.words import CHINESE
from tests.origin import Request, Response, ThreadedOrigin

A_LISTING = 1000  # records; a listing may have 5 MiB
OLDEST_AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
WITHIN = 1.5  # new items cost at most so many times as much in the larger store
FORMATS = ("jekyll", "feeds")
MEGABYTE = 1_000_000
COMMAND = (sys.executable, "-m", "aggregator", "--config", "feeds.toml", "--log-level", "warning")
STORE = '[store]\nurl = "sqlite:items.db"\nkeep_items = 100000\n\n'


def publishers(count: int) -> list[str]:
    chance = random.Random("publishers")
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(chance.choices(CHINESE, k=2)) + chance.choice(("日报", "网", "证券报"))] = None
        if len(names) > count // 2:
            names[f"第{len(names)}财经"] = None
    return list(names)[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The portal's records, by number: 0 is the oldest."""

    names: Sequence[str]

    def record(self, number: int, *, text: bool) -> dict[str, str]:
        at = OLDEST_AT + timedelta(seconds=40 * number)
        made = {
            "infoCode": f"NW{number:09}",
            "title": f"第{number}条：{''.join(random.Random(number).choices(CHINESE, k=6))}",
            "showtime": f"{at:%Y-%m-%d %H:%M:%S}",
            "medianame": self.names[number % len(self.names)],
        }
        return made | ({"text": self.text(number)} if text else {})

    def text(self, number: int) -> str:
        """Some kilobytes of HTML."""
        return content.article(number)

    def listing(self, numbers: range, *, text: bool) -> bytes:
        records = [self.record(number, text=text) for number in reversed(numbers)]
        return json.dumps({"record": records}, ensure_ascii=False).encode()


class Bench:
    """A store of ``items`` in a folder of its own, filled by what the origin serves."""

    def __init__(self, folder: Path, origin: ThreadedOrigin, wire: Wire, items: int, new: int) -> None:
        self._folder = folder
        self._origin = origin
        self._wire = wire
        self._items = items
        self._new = new
        self._command = [
            sys.executable,
            "-m",
            "aggregator",
            "--config",
            "feeds.toml",
            "--log-level",
            "warning",
        ]
        origin.serve("/text", self._article)
        self._serve_news(range(items, items))
        for start in range(0, items, A_LISTING):
            numbers = range(start, min(items, start + A_LISTING))
            origin.serve(f"/stock/{start}", wire.listing(numbers, text=True), etag='"stock"')
        (folder / "feeds.toml").write_text("".join(self._configuration()), encoding="utf-8")

    def stock(self) -> dict[str, measure.Measured]:
        """The whole store from nothing."""
        done = {"crawl": self._crawl(self._items)}
        return done | {f"export {name}": self._export(name, at_least=self._items) for name in FORMATS}

    def news(self, round_number: int) -> dict[str, measure.Measured]:
        first = self._items + round_number * self._new
        self._serve_news(range(self._items, first + self._new))
        done = {"crawl": self._crawl(self._new, "news")}
        return done | {f"export {name}": self._export(name, at_least=self._new) for name in FORMATS}

    def _serve_news(self, numbers: range) -> None:
        body = self._wire.listing(numbers[-A_LISTING:], text=False)
        self._origin.serve("/news", body, etag=f'"{len(numbers)}"')

    def _configuration(self) -> Iterator[str]:
        host = f"127.0.0.1:{self._origin.port}"
        yield STORE
        yield f'[fetch]\nmin_gap = "0s"\nper_host = 64\nallow_private = ["{host}"]\n\n'
        yield '[site]\ntimezone = "Asia/Shanghai"\n\n'
        select = {"items": "record", "id": "infoCode", "title": "title", "published": "showtime"}
        select |= {"publisher": "medianame", "link": "https://portal.example/{infoCode}"}
        for start in range(0, self._items, A_LISTING):
            yield from self._source(f"stock-{start}", f"/stock/{start}", select | {"content": "text"})
        yield from self._source("news", "/news", select)
        yield f'article.url = "{self._origin.url("/text")}?id={{infoCode}}"\n'
        yield f'article.content = "text"\narticle.limit = {self._new}\n'

    def _source(self, name: str, path: str, select: dict[str, str]) -> Iterator[str]:
        yield f'[[source]]\nname = "{name}"\nkind = "api"\nurl = "{self._origin.url(path)}"\n'
        yield from (f'select.{key} = "{value}"\n' for key, value in select.items())

    def _article(self, request: Request) -> Response:
        code = parse_qs(urlsplit(request.path).query)["id"][0]
        text = self._wire.text(int(code[2:]))
        return Response(body=json.dumps({"text": text}).encode(), content_type="application/json")

    def _crawl(self, expected: int, *sources: str) -> measure.Measured:
        done = self._run("refresh", "--json", "--force", *sources)
        report = json.loads(done.stdout)
        if report["items"]["new"] != expected or report["sources"]["failed"]:
            raise WrongCount(f"crawl: {report}")
        return done

    def _export(self, name: str, *, at_least: int) -> measure.Measured:
        done = self._run("export", name, "--format", name)
        written = int(done.stdout.split()[0])
        if name == "jekyll" and written < at_least:
            raise WrongCount(f"export: {done.stdout}")
        return done

    def _run(self, *arguments: str) -> measure.Measured:
        return measure.run([*COMMAND, *arguments], cwd=self._folder, env=environment())


def run(
    items: int, count: int, new: int, rounds: int
) -> tuple[dict[str, measure.Measured], dict[str, float]]:
    """What the stock cost, and the median wall seconds of ``new`` items more, by step."""
    wire = Wire(names=publishers(count))
    with ThreadedOrigin() as origin, tempfile.TemporaryDirectory(prefix="aggregator-wire-") as folder:
        bench = Bench(Path(folder), origin, wire, items, new)
        stock = bench.stock()
        told = [bench.news(number) for number in range(rounds)]
        medians = {step: median(one[step].wall_s for one in told) for step in told[0]}
    return stock, medians


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.wire", description="A wire that has grown.")
    parser.add_argument("--items", type=int, default=40_000, help="items in the larger store (40000)")
    parser.add_argument("--publishers", type=int, default=2000, help="publishers (2000)")
    parser.add_argument("--new", type=int, default=100, help="items that come, a round (100)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the medians count (3)")
    options = parser.parse_args()
    found = {}
    try:
        for items in (options.items // 10, options.items):
            stock, found[items] = run(items, options.publishers, options.new, options.rounds)
            print(f"{items} items of {options.publishers} publishers")
            for step, done in stock.items():
                peak = "-" if done.peak_bytes is None else f"{done.peak_bytes / MEGABYTE:.0f} MB"
                print(f"  {step:<16}{done.wall_s:>8.2f} s{done.cpu_s:>8.2f} s cpu{peak:>9}")
    except (measure.CommandFailed, WrongCount) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    small, large = found.values()
    print(f"{options.new} new items, medians of {options.rounds} rounds")
    for step in small:
        print(f"  {step:<16}{small[step]:>8.2f} s{large[step]:>8.2f} s")
    ratio = sum(large.values()) / sum(small.values())
    verdict = "target met" if ratio <= WITHIN else "TARGET MISSED"
    print(f"  in the larger store {ratio:.2f} times as much; {verdict}: at most {WITHIN:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
