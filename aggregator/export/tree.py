"""A folder that we keep files in: only what changed is written, only what is ours is touched.

Everything is written beside its place, synced and renamed: at any moment a file is whole, old or new. Who
deletes or edits a file of ours gets it anew, if the run looks (`opened`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aggregator.durable import sync_folder
from aggregator.errors import ExportError
from aggregator.export import index
from aggregator.export.index import File, Index

AT_ONCE = 8  # files that are being synced: one journal's commit does for several
LONGEST_PART_BYTES = 200  # file systems allow 255, and the name beside is longer


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """How many files were written, found as they should be, and removed; ``failures`` tell what could not
    be exported, and why."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file that shall be there; see `index.File` for what is noted of it."""

    path: str
    body: bytes
    revision: str = ""
    item_id: int | None = None
    origin: str = ""
    note: str = ""


@contextmanager
def opened(root: Path, section: str, *, look: bool) -> Iterator[Tree]:
    """The folder, made if need be, and locked against other exports. ``section`` names one export of
    several that may share it. ``look`` at every file, whether it is still as we left it; otherwise that
    is taken for granted. Raises ExportError."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ExportError(f"{root}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ExportError(f"{root}: another export is writing there") from error
        with index.opened(root, section) as known:
            yield Tree(root, known, look=look)
    finally:
        os.close(descriptor)


class Tree:
    """See `opened`. `keep` or `put` every wanted file, then `finish`. Files of items stay until the index
    disowns them."""

    def __init__(self, root: Path, known: Index, *, look: bool) -> None:
        self.report = ExportReport()
        self.index = known
        self._root = Path(os.path.realpath(root))
        self._look = look
        self._seen: dict[str, bytes] = {}  # path -> digest, of those kept or put
        for file in known.unsure():
            with suppress(OSError, ValueError):
                _beside(self._place(file.path)).unlink(missing_ok=True)
        if look:
            touched = [
                one.item_id for one in known.posts() if one.item_id is not None and not self._left(one)
            ]
            with known.writing():
                known.spoil(item_ids=touched)

    def keep(self, path: str, revision: str) -> bool:
        """Whether the file is there, made from this very revision and not touched since; if so it stays."""
        file = self.index.file(path)
        if file is None or file.sha256 is None or file.revision != revision:
            return False
        if self._look and not self._left(file):
            return False
        self._seen[path] = file.sha256
        self.report.unchanged += 1
        return True

    def put(self, files: Sequence[Wanted]) -> None:
        """Write those that are not there as they should be. What cannot be written is reported."""
        changed: list[tuple[Wanted, Path]] = []
        same: list[File] = []
        for each in files:
            digest = _digest(each.body)
            if each.path in self._seen:
                if self._seen[each.path] != digest:
                    self.report.failures.append(f"{each.path}: two things would have this name")
                continue
            self._seen[each.path] = digest
            try:
                place = self._place(each.path)
                if self._is(place, each):
                    same.append(_file(each, digest, place.stat()))
                else:
                    changed.append((each, place))
            except (OSError, ValueError) as error:
                self._fail(each.path, error)
        self.report.unchanged += len(same)
        with self.index.writing():
            self.index.put([file for file in same if file != self.index.file(file.path)])
            self.index.put([replace(_file(each, None, None), revision="") for each, _ in changed])
        written = self._write(changed)
        with self.index.writing():
            self.index.put(written)
        self.report.written += len(written)

    def fail(self, what: str) -> None:
        self.report.failures.append(what)

    def finish(self, memo: Mapping[str, Any]) -> ExportReport:
        """Remove what is ours and no longer wanted; note down ``memo`` for the next run."""
        gone = [file for file in self.index.pages() if file.path not in self._seen]
        removed = [file.path for file in gone if self._remove(file)]
        with self.index.writing():
            self.index.remove(removed)
            self.index.note_down(memo)
        return self.report

    # One file

    def _place(self, path: str) -> Path:
        """Where a file goes. Raises ValueError for a path that leads, or could lead, out of the folder."""
        parts = path.split("/")
        for part in parts:
            if part in ("", ".", "..") or "\\" in part or not part.isprintable():
                raise ValueError("is no path within the folder")
            if len(part.encode()) > LONGEST_PART_BYTES:
                raise ValueError("has too long a name")
        place = self._root.joinpath(*parts)
        if not Path(os.path.realpath(place.parent)).is_relative_to(self._root):
            raise ValueError("a link leads out of the folder")
        return place

    def _left(self, file: File) -> bool:
        """Whether the file is as we left it, by its size and the time of its last change."""
        try:
            found = os.lstat(os.path.join(self._root, file.path))
        except (OSError, ValueError):
            return False
        return file.sha256 is not None and (found.st_size, found.st_mtime_ns) == (file.size, file.mtime_ns)

    def _is(self, place: Path, each: Wanted) -> bool:
        """Whether the file is there with these bytes. Raises ValueError if it is not ours to change."""
        if not os.path.lexists(place):
            return False
        if place.is_symlink() or not place.is_file():
            raise ValueError("something else is there that is no file of ours; left alone")
        if place.read_bytes() == each.body:
            return True
        other = self.index.other_owner(each.path)
        if other is not None:
            raise ValueError(f"belongs to the export {other!r} into this folder; left alone")
        if self.index.file(each.path) is None:
            raise ValueError("a file that is not ours is there; left alone")
        return False

    def _write(self, files: Iterable[tuple[Wanted, Path]]) -> list[File]:
        """Those of ``files`` that are in their places now, and will be after a crash."""
        written: list[File] = []
        folders: set[Path] = set()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for each, place, found in pool.map(_replaced, files):
                if isinstance(found, OSError):
                    self._fail(each.path, found)
                else:
                    folders.add(place.parent)
                    written.append(_file(each, self._seen[each.path], found))
        for folder in folders:
            sync_folder(folder)
        return written

    def _fail(self, path: str, error: OSError | ValueError) -> None:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self.report.failures.append(f"{path}: {reason}")

    def _remove(self, file: File) -> bool:
        """Whether the file is gone, or none of ours any more."""
        if self.index.other_owner(file.path) is not None:
            return True
        try:
            place = self._place(file.path)
            if not os.path.lexists(place):
                return True
            edited = place.is_symlink() or (file.sha256 and _digest(place.read_bytes()) != file.sha256)
            if edited:
                raise ValueError("no longer wanted, but changed by somebody; left alone")
            place.unlink()
            self.report.removed += 1
            for folder in place.parents:
                if folder == self._root or any(folder.iterdir()):
                    break
                folder.rmdir()
        except ValueError as error:
            self._fail(file.path, error)
        except OSError as error:
            self._fail(file.path, error)
            return False
        return True


def _file(each: Wanted, digest: bytes | None, found: os.stat_result | None) -> File:
    return File(
        path=each.path,
        item_id=each.item_id,
        origin=each.origin,
        revision=each.revision,
        note=each.note,
        sha256=digest,
        size=found.st_size if found else -1,
        mtime_ns=found.st_mtime_ns if found else -1,
    )


def _replaced(one: tuple[Wanted, Path]) -> tuple[Wanted, Path, os.stat_result | OSError]:
    each, place = one
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return each, place, _replace(place, each.body)
    except OSError as error:
        return each, place, error


def _replace(place: Path, body: bytes) -> os.stat_result:
    beside = _beside(place)
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(beside, flags, 0o666), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
            found = os.fstat(file.fileno())
        os.replace(beside, place)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    return found


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.aggregator-new")  # site generators pass over names with a dot


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
