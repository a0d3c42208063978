"""A clock that is set while the daemon runs: by an hour, by years, there and back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

# Sets its own clock by the seconds in the file "step" whenever it is told to.
WITH_A_CLOCK = """
import signal
from datetime import UTC, datetime
import time_machine
from aggregator import schedule
schedule.CLOCK_LOOK_S = 0.2
clock = time_machine.travel(datetime.now(UTC), tick=True).start()
signal.signal(signal.SIGUSR1, lambda *_: clock.shift(float(open("step").read())))
from aggregator.cli import main
main()
"""
HOUR, DAY = 3600, 86_400


@pytest.mark.slow
def test_it_polls_on_and_nobody_more_than_once(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    sources = []
    for name, every in (("often", "1s"), ("daily", "24h")):
        threaded_origin.serve(f"/{name}", rss((name, name)))
        url = threaded_origin.url(f"/{name}")
        sources.append({"name": name, "url": url, "every": every, "max_every": every})
    program = Program(tmp_path, configuration(sources), launch=("-c", WITH_A_CLOCK))
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/daily")
        for step, daily in ((-HOUR, 1), (400 * DAY, 2), (-400 * DAY, 2)):
            threaded_origin.wait_for("/often", threaded_origin.count("/often") + 1)
            (tmp_path / "step").write_text(str(step))
            os.kill(daemon.process.pid, signal.SIGUSR1)
            threaded_origin.wait_for("/daily", daily)
            threaded_origin.wait_for("/often", threaded_origin.count("/often") + 2)
            assert threaded_origin.count("/daily") == daily, f"after a step by {step} s"
        daemon.wait_for("clock.set", 3)
        assert daemon.get("/readyz")[0] == 200
    assert daemon.status == 0
    assert not [line for line in daemon.lines if "Traceback" in line or '"level": "error"' in line]
