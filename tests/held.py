"""How long the event loop was held, and by what.

A task naps for some milliseconds at a time and notes how late it woke, and how much processor time the
loop's thread took meanwhile. A thread looks on: while the task is late, it takes down where the loop's
thread is. The processor time is the figure to judge by: on a busy machine a nap is long for reasons that
are not ours.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections import Counter
from types import FrameType
from typing import NamedTuple

NAP_S = 0.005
LATE_S = 0.02  # from which the thread looks where the loop is
DEPTH = 4  # lines of our own code that tell a place
OURS = "aggregator"


class Hold(NamedTuple):
    """One time that the loop did not turn: seconds on the wall, seconds of the processor, and where."""

    late_s: float
    busy_s: float
    where: str


class Watch:
    """Watches the running loop from entering to leaving the block. ``longest`` has what it found, the
    longest by processor time first."""

    def __init__(self, keep: int = 20) -> None:
        self.longest: list[Hold] = []
        self._keep = keep
        self._beat = time.monotonic()
        self._places: Counter[str] = Counter()
        self._over = threading.Event()

    async def __aenter__(self) -> Watch:
        self._watched = threading.get_ident()
        self._beat = time.monotonic()
        self._task = asyncio.create_task(self._nap(), name="watch")
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._task.cancel()
        self._over.set()
        await asyncio.gather(self._task, return_exceptions=True)
        self._thread.join()

    @property
    def late_s(self) -> float:
        return max((hold.late_s for hold in self.longest), default=0.0)

    @property
    def busy_s(self) -> float:
        return max((hold.busy_s for hold in self.longest), default=0.0)

    async def _nap(self) -> None:
        while True:
            began_s = time.thread_time()
            await asyncio.sleep(NAP_S)
            now = time.monotonic()
            late_s = now - self._beat - NAP_S
            self._beat = now
            places, self._places = self._places, Counter()
            if late_s > LATE_S:
                where = places.most_common(1)[0][0] if places else "?"
                self.longest.append(Hold(late_s, time.thread_time() - began_s, where))
                self.longest.sort(key=lambda hold: hold.busy_s, reverse=True)
                del self.longest[self._keep :]

    def _look(self) -> None:
        while not self._over.wait(NAP_S):
            if time.monotonic() - self._beat > LATE_S:
                self._places[_place(sys._current_frames().get(self._watched))] += 1


def _place(frame: FrameType | None) -> str:
    """The innermost lines of our own package, outermost first; else the innermost of all."""
    lines = traceback.extract_stack(frame) if frame is not None else []
    own = [line for line in lines if f"/{OURS}/" in line.filename] or list(lines[-1:])
    return " > ".join(
        f"{line.filename.rpartition(f'/{OURS}/')[2]}:{line.lineno} {line.name}" for line in own[-DEPTH:]
    )
