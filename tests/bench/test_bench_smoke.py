"""The benchmark itself works, end to end: a small round of every scenario, with its counts checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEEDS = 5


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", "--feeds", str(FEEDS), "--runs", "1", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["ours", "reader"])
def test_every_scenario_runs_and_its_counts_are_right(side: str, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    ended = bench("--only", side, "--json", str(figures))
    assert ended.returncode == 0, ended.stderr
    assert "scenario" in ended.stdout
    results = json.loads(figures.read_text())["results"]
    assert set(results) == {side}
    assert set(results[side]) == {"cold", "304s", "some new", "unchanged"}
    for runs in results[side].values():
        (run,) = runs
        assert run["wall_s"] > 0
        assert run["cpu_s"] > 0


@pytest.mark.slow
def test_a_program_that_does_not_do_its_work_ends_the_benchmark(tmp_path: Path) -> None:
    idle = tmp_path / "idle"
    idle.write_text("#!/bin/sh\nexit 0\n")
    idle.chmod(0o755)
    ended = bench("--only", "reader", "--reader-python", str(idle))
    assert ended.returncode == 1
    assert "reader, cold: the server answered" in ended.stderr
