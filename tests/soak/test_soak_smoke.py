"""The soak itself works, and tells growth from noise."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.bench.sides import ROOT
from tests.soak.__main__ import BOUNDS, EVERY, Look, judged

STILL = Look(rounds=0, memory=10**8, blocks=400_000, database=10**6, log=10**7, files=40, tasks=4, children=1)


@pytest.mark.parametrize("name", BOUNDS)
def test_growth_is_told_from_noise(name: str) -> None:
    def looks(grows: float) -> list[Look]:
        return [
            replace(STILL, rounds=n * EVERY, **{name: getattr(STILL, name) + int(grows * n * EVERY) + n % 2})
            for n in range(200)
        ]

    assert not [line for line in judged(looks(0.0)) if line.startswith("GROWS")]
    [line] = [line for line in judged(looks(max(0.01, 1.5 * BOUNDS[name]))) if line.startswith("GROWS")]
    assert name in line


@pytest.mark.slow
def test_the_soak_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--rounds", "200", "--any"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "200 rounds" in done.stdout
