"""One command as a whole process, seen from the outside: time on the wall, time of the processors, memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.05
PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds, and octets at the peak. ``cpu_s`` is user and system time of the process and of all its
    descendants that it waited for; ``peak_bytes`` the largest sum of their proportional set sizes (PSS: a
    page shared by n processes counts 1/n for each), None where there is no /proc."""

    wall_s: float
    cpu_s: float
    peak_bytes: int | None
    stdout: str


class CommandFailed(Exception):
    """A measured command ended otherwise than with 0."""


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Measured:
    """Run to the end. Raises CommandFailed with what it wrote to stderr."""
    out, err = cwd / "stdout.txt", cwd / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        sampler.finish()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"{' '.join(command)}: exit {process.returncode}\n{err.read_text()[-4000:]}")
    return Measured(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=sampler.peak_bytes,
        stdout=out.read_text(encoding="utf-8"),
    )


class _Sampler(threading.Thread):
    """Adds up the memory of a process and its descendants every 50 ms. A sample costs some 4 ms, which
    is part of what the measured program sees as a busy machine, the same for every program."""

    def __init__(self, root: int) -> None:
        super().__init__(name="memory", daemon=True)
        self._root = root
        self._over = threading.Event()
        self.peak_bytes: int | None = None

    def run(self) -> None:
        if not (PROC / "self/smaps_rollup").exists():
            return
        while not self._over.wait(SAMPLE_S):
            total = sum(map(_pss_bytes, _tree(self._root)))
            self.peak_bytes = max(self.peak_bytes or 0, total)

    def finish(self) -> None:
        self._over.set()
        self.join()


def _tree(root: int) -> list[int]:
    """The process and its descendants, as far as they live."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir(PROC):
        if entry.isdecimal():
            try:
                stat = (PROC / entry / "stat").read_bytes()
            except OSError:
                continue
            # The second field, the name in brackets, may contain blanks and brackets.
            parent = int(stat.rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _pss_bytes(pid: int) -> int:
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_bytes()
    except OSError:
        return 0
    for line in rollup.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0
