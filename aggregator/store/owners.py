"""Tells whether the process that took a lease still lives, by a lock that the kernel drops for it.

Each process that claims sources keeps an exclusive lock on a file of its own beside the database. A
killed process cannot tidy up, but its lock is gone at once, so nobody waits for its leases to expire.
Works among the processes of one machine, as SQLite itself does.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import uuid
from pathlib import Path

from aggregator.errors import StoreTaken


class Lock:
    """An exclusive lock on a file, held until `release`. Never inherited by programs we start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def take(self, *, wait: bool = False) -> bool:
        """True when the lock is ours. With ``wait`` it blocks this thread until it is."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


async def opening_lock(database: Path) -> Lock:
    """Waits for the right to create or migrate ``database``: two processes may start at once."""
    lock = Lock(Path(f"{database}.opening"))
    if not lock.take():
        try:
            await asyncio.to_thread(lock.take, wait=True)
        except asyncio.CancelledError:
            lock.release()
            raise
    return lock


def daemon_lock(database: Path) -> Lock:
    """The one daemon's lock. Raises `StoreTaken` when another daemon works on ``database``."""
    lock = Lock(Path(f"{database}.daemon"))
    if not lock.take():
        lock.release()
        raise StoreTaken(f"another daemon is running on {database}")
    return lock


class Owner:
    """This process as the holder of leases. ``id`` is unique; made when first needed."""

    def __init__(self, database: Path) -> None:
        self._folder = Path(f"{database}.owners")
        self._lock: Lock | None = None
        self.id = uuid.uuid4().hex

    def appear(self) -> None:
        """Takes the lock. Must happen before the first lease is written."""
        if self._lock is not None:
            return
        self._folder.mkdir(exist_ok=True)
        # Locked under another name first: nobody may find the file before it is locked.
        lock = Lock(self._folder / f".{self.id}")
        lock.take()
        try:
            lock.path.rename(self._folder / self.id)
        except OSError:
            lock.release()  # or the next try, with a file of its own, could not take it
            raise
        self._lock = lock

    def vanish(self) -> None:
        if self._lock is not None:
            (self._folder / self.id).unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def is_dead(self, owner: str) -> bool:
        """Whether the process that called itself ``owner`` has ended. Never true of ourselves."""
        if owner == self.id:
            return False
        path = self._folder / owner
        if not path.exists():
            return True
        lock = Lock(path)
        try:
            if not lock.take():
                return False
            path.unlink(missing_ok=True)
            return True
        finally:
            lock.release()
