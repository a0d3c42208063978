"""A folder that we keep files in: only what changed is written, only what is ours is touched.

What is ours stands in a manifest, written last. A file is claimed in a second list before it is first
written, so that after a crash it is still known as ours. Everything is written beside its place, synced
and renamed: at any moment a file is whole, old or new.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aggregator.errors import ExportError

MANIFEST = ".aggregator-export.json"
CLAIMS = ".aggregator-export.claims"  # and a hash of the section
LONGEST_PART_BYTES = 200  # file systems allow 255, and the name beside is longer

Files = dict[str, dict[str, str]]


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
    """A file that shall be there. ``revision`` names the state that it was made from, where that can be
    known without making it."""

    path: str
    body: bytes
    revision: str = ""


@contextmanager
def opened(root: Path, section: str) -> Iterator[Tree]:
    """The folder, made if need be, and locked against other exports. ``section`` names one export of
    several that may share it. Raises ExportError."""
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
        yield Tree(root, section)
    finally:
        os.close(descriptor)


class Tree:
    """See `opened`. `put` or `keep` every wanted file, then `finish`."""

    def __init__(self, root: Path, section: str) -> None:
        self.report = ExportReport()
        self._root = Path(os.path.realpath(root))
        self._section = section
        self._sections = _manifest(self._root / MANIFEST)
        self._old: Files = self._sections.pop(section, {})
        self._others = {path: name for name, files in self._sections.items() for path in files}
        self._new: Files = {}
        self._claims = self._root / f"{CLAIMS}-{_digest(section.encode())[:8]}"
        self._claimed = _claimed(self._claims)
        for path in self._claimed:
            with suppress(OSError, ValueError):
                _beside(self._place(path)).unlink(missing_ok=True)

    def keep(self, path: str, revision: str) -> bool:
        """Whether the file is there, made from this very revision and not touched since; if so it stays."""
        known = self._old.get(path)
        if not known or known.get("revision") != revision:
            return False
        try:
            intact = _digest(self._place(path).read_bytes()) == known["sha256"]
        except (OSError, ValueError):
            return False
        if intact:
            self._new[path] = known
            self.report.unchanged += 1
        return intact

    def put(self, files: Sequence[Wanted]) -> None:
        """Write those that are not there as they should be. What cannot be written is reported."""
        changed: list[tuple[Wanted, Path]] = []
        for each in files:
            if each.path in self._new:
                if self._new[each.path]["sha256"] != _digest(each.body):
                    self.report.failures.append(f"{each.path}: two things would have this name")
                continue
            try:
                place = self._place(each.path)
                same = self._is(place, each)
            except (OSError, ValueError) as error:
                self._fail(each.path, error)
                continue
            if same:
                self._enter(each)
                self.report.unchanged += 1
            else:
                changed.append((each, place))
        self._claim([each.path for each, _ in changed if each.path not in self._claimed])
        for each, place in changed:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                _replace(place, each.body)
            except OSError as error:
                self._fail(each.path, error)
                continue
            self._enter(each)
            self.report.written += 1

    def fail(self, what: str) -> None:
        self.report.failures.append(what)

    def finish(self) -> ExportReport:
        """Remove what is ours and no longer wanted; write down what there is."""
        ours = dict.fromkeys(self._old) | dict.fromkeys(self._claimed)
        for path in ours:
            if path not in self._new and path not in self._others:
                self._remove(path)
        self._sections[self._section] = dict(sorted(self._new.items()))
        text = json.dumps(dict(sorted(self._sections.items())), ensure_ascii=False, indent=0).encode()
        place = self._root / MANIFEST
        try:
            if not place.is_file() or place.read_bytes() != text:
                _replace(place, text)
            self._claims.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{place}: {error.strerror}") from error
        return self.report

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

    def _is(self, place: Path, each: Wanted) -> bool:
        """Whether the file is there with these bytes. Raises ValueError if it is not ours to change."""
        if not os.path.lexists(place):
            return False
        if place.is_symlink() or not place.is_file():
            raise ValueError("something else is there that is no file of ours; left alone")
        if place.read_bytes() == each.body:
            return True
        if each.path in self._others:
            raise ValueError(
                f"belongs to the export {self._others[each.path]!r} into this folder; left alone"
            )
        if each.path not in self._old and each.path not in self._claimed:
            raise ValueError("a file that is not ours is there; left alone")
        return False

    def _enter(self, each: Wanted) -> None:
        self._new[each.path] = {"sha256": _digest(each.body)} | (
            {"revision": each.revision} if each.revision else {}
        )

    def _fail(self, path: str, error: OSError | ValueError) -> None:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self.report.failures.append(f"{path}: {reason}")
        if path in self._old and isinstance(error, OSError):  # still ours, as it is
            self._new[path] = {"sha256": self._old[path]["sha256"]}

    def _claim(self, paths: Sequence[str]) -> None:
        if not paths:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(self._claims, flags, 0o666), "wb") as claims:
                claims.write("".join(f"{path}\n" for path in paths).encode())
                claims.flush()
                os.fsync(claims.fileno())
        except OSError as error:
            raise ExportError(f"{self._claims}: {error.strerror}") from error
        self._claimed.update(paths)

    def _remove(self, path: str) -> None:
        try:
            place = self._place(path)
            if not os.path.lexists(place):
                return
            known = self._old.get(path)
            edited = place.is_symlink() or (known and _digest(place.read_bytes()) != known["sha256"])
            if edited and path not in self._claimed:
                raise ValueError("no longer wanted, but changed by somebody; left alone")
            place.unlink()
            self.report.removed += 1
            for folder in place.parents:
                if folder == self._root or any(folder.iterdir()):
                    break
                folder.rmdir()
        except (OSError, ValueError) as error:
            self._fail(path, error)


def _replace(place: Path, body: bytes) -> None:
    beside = _beside(place)
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(beside, flags, 0o666), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.aggregator-new")  # site generators pass over names with a dot


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _manifest(place: Path) -> dict[str, Files]:
    try:
        text = place.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ExportError(f"{place}: {error.strerror}") from error
    try:
        sections: Any = json.loads(text)
        return {
            str(name): {
                str(path): {str(key): str(value) for key, value in known.items()}
                | {"sha256": known["sha256"]}
                for path, known in files.items()
            }
            for name, files in sections.items()
        }
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ExportError(f"{place}: is damaged; remove it, and the files that it was for") from error


def _claimed(place: Path) -> set[str]:
    """Claimed paths. A line that a crash cut off is cut off wholly: nothing was written under it yet."""
    try:
        text = place.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:
            os.truncate(place, len(whole))
        return set(whole.decode().splitlines())
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{place}: cannot be read") from error
