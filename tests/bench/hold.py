"""How long hostile sources hold the event loop, and keep good ones waiting.

    python -m tests.bench.hold

Crawls all of `tests.hostile` at once, in a process of its own, and prints the longest times for which the
loop did not turn, each with where it was. Ends with 0 whether the target is met or not, as `tests.bench`
does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.hostile.conftest import CASES, crawled
from tests.hostile.good import GOOD

TARGET_S = 0.1  # of the processor: on a busy machine, other programs make every nap long
SHOWN = 8


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="aggregator-hold-") as folder, crawled(Path(folder)) as wire:
        cost = wire.polls[1]
    waited = {one.name: cost["sources"][one.name]["elapsed_s"] for one in GOOD}
    slowest = max(waited, key=waited.__getitem__)
    print(f"{len(CASES)} hostile cases and {len(GOOD)} good sources, crawled in {cost['elapsed_s']:.1f} s")
    print(f"peak memory: {cost['peak_mib']:.0f} MiB, largest worker {cost['workers_mib']:.0f} MiB")
    print(f"the slowest good source was done after {waited[slowest]:.1f} s")
    print("the loop was held for (processor ms, wall ms):")
    for late_s, busy_s, where in cost["holds"][:SHOWN]:
        print(f"{busy_s * 1000:6.0f}{late_s * 1000:6.0f}  {where}")
    verdict = "target met" if cost["busy_s"] < TARGET_S else "TARGET MISSED"
    print(f"longest hold: {cost['busy_s'] * 1000:.0f} ms; {verdict}: under {TARGET_S * 1000:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
