"""Runs the scenarios and prints the table. Ends with 0 whether targets are met or not: speed is looked at
by people, not asserted on machines that do other things as well. Ends with 1 when a program did not do its
work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tests.bench import report
from tests.bench.measure import CommandFailed
from tests.bench.sides import ROOT, SIDES, Side, WrongCount, environment, expected_statuses

# In this order in every run: each finds the store as the one before left it. "unchanged" comes last,
# because it withdraws the validators that the others need.
SCENARIOS = {
    "cold": "validators=1&added=0",
    "304s": "validators=1&added=0",
    "some new": "validators=1&added=1",
    "unchanged": "validators=0&added=1",
}
MEGABYTE = 1_000_000


@contextmanager
def web_server(feeds: int) -> Iterator[int]:
    """The port of a server with so many feeds, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.server", "--feeds", str(feeds)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, env=environment()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # which ends it


def ask(port: int, path: str) -> Any:
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return json.load(answer)


def measured(side: Side, scenario: str, port: int, feeds: int) -> dict[str, float | None]:
    """One scenario of one side, checked. Raises WrongCount."""
    ask(port, f"/mode?{SCENARIOS[scenario]}")
    result = side.update()
    counts = ask(port, "/counts")
    if (counts["statuses"], counts["feeds"]) != (expected_statuses(scenario, feeds), feeds):
        raise WrongCount(f"{side.name}, {scenario}: the server answered {counts}")
    side.check(scenario, result.stdout)
    peak = None if result.peak_bytes is None else round(result.peak_bytes / MEGABYTE, 1)
    return {
        "wall_s": round(result.wall_s, 3),
        "cpu_s": round(result.cpu_s, 3),
        "peak_mb": peak,
        "connections": counts["connections"],
    }


def one_run(results: dict[str, dict[str, list[Any]]], pythons: dict[str, str], port: int, feeds: int) -> None:
    """All scenarios from an empty store. The sides take turns, so that a busy minute hits both."""
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as directory:
        sides: list[Side] = []
        for name in results:
            own = Path(directory) / name
            own.mkdir()
            sides.append(SIDES[name](own, port, feeds, pythons[name]))
            sides[-1].prepare()
        for scenario in SCENARIOS:
            for side in sides:
                figures = measured(side, scenario, port, feeds)
                results[side.name][scenario].append(figures)
                print(
                    f"  {scenario:<12}{side.name:<9}{figures['wall_s']:>8.2f} s", file=sys.stderr, flush=True
                )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Our speed beside reader's.")
    parser.add_argument("--feeds", type=int, default=1000, help="feeds to read (1000)")
    parser.add_argument("--runs", type=int, default=3, help="runs, of which the medians count (3)")
    parser.add_argument("--only", choices=sorted(SIDES), help="measure one side")
    parser.add_argument(
        "--reader-python",
        default=sys.executable,
        metavar="FILE",
        help="the interpreter of an environment that has reader (this one)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single figure to a file")
    options = parser.parse_args()
    if options.feeds < 1 or options.runs < 1:
        parser.error("at least one feed and one run")
    names = [options.only] if options.only else list(SIDES)
    results: dict[str, dict[str, list[Any]]] = {
        name: {scenario: [] for scenario in SCENARIOS} for name in names
    }
    pythons = {"ours": sys.executable, "reader": options.reader_python}
    try:
        with web_server(options.feeds) as port:
            for number in range(options.runs):
                print(f"run {number + 1} of {options.runs}", file=sys.stderr, flush=True)
                one_run(results, pythons, port, options.feeds)
    except (CommandFailed, WrongCount) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(
            json.dumps({"feeds": options.feeds, "runs": options.runs, "results": results}, indent=2) + "\n"
        )
    print(f"{options.feeds} feeds, medians of {options.runs} runs\n")
    print(report.table(results, list(SCENARIOS)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
