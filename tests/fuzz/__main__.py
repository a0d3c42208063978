"""``python -m tests.fuzz [TARGET…]``: coverage-guided fuzzing by atheris, FUZZ_S seconds in all (60).

Each target runs in a process of its own, because libFuzzer never returns. What breaks one is left in
FUZZ_DIR (build/fuzz) as ``TARGET-crash-…``; ``python -m tests.fuzz TARGET FILE`` runs it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LONGEST_S = 2  # for less than 64 KiB
LARGEST = 64 * 1024


def main(arguments: list[str]) -> int:
    from tests.fuzz.targets import TARGETS

    if len(arguments) == 2 and arguments[0] in TARGETS and Path(arguments[1]).is_file():
        TARGETS[arguments[0]].run(Path(arguments[1]).read_bytes())
        return 0
    unknown = set(arguments) - set(TARGETS)
    if unknown:
        print(
            f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}", file=sys.stderr
        )
        return 2
    chosen = arguments or list(TARGETS)
    share_s = max(1, int(os.environ.get("FUZZ_S", "60")) // len(chosen))
    folder = Path(os.environ.get("FUZZ_DIR", "build/fuzz"))
    broken = [name for name in chosen if not _fuzz(name, share_s, folder)]
    for name in broken:
        print(f"{name}: broken, see {folder}", file=sys.stderr)
    return 1 if broken else 0


def _fuzz(name: str, seconds: int, folder: Path) -> bool:
    """Whether the target held for so many seconds. What its corpus learns is kept for the next run."""
    from tests.fuzz.targets import TARGETS

    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    command = [sys.executable, "-m", "tests.fuzz.child", name, str(corpus)]
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={LONGEST_S}",
        f"-max_len={LARGEST}",
        "-rss_limit_mb=2048",
    ]
    command += [*limits, f"-artifact_prefix={folder}/{name}-", "-print_final_stats=1", "-verbosity=1"]
    done = subprocess.run(
        command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, errors="replace"
    )
    executed = [line for line in done.stdout.splitlines() if "number_of_executed_units" in line]
    print(f"{name}: {'well' if done.returncode == 0 else 'BROKEN'} {' '.join(executed)}", flush=True)
    if done.returncode:
        print(done.stdout[-4000:], flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
