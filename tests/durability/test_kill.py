"""kill -9 at any moment of a refresh: the store opens whole, and the next refresh makes up for all of it.

What the next refresh leaves is compared with what an undisturbed one leaves in a fresh folder: ids,
texts, memberships, identities, validators, body hashes, and every drop counted once.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from aggregator.model.settings import StoreSettings
from aggregator.store.database import open_store
from tests.durability.holding import Holding, copied, differences, holding
from tests.durability.newsroom import Newsroom, name
from tests.origin import ThreadedOrigin
from tests.program import HEAD, WAIT_S, Daemon, Program

DRIVER = str(Path(__file__).with_name("kill_at.py"))
SEED = 20251103
VOUCHING = ("etag", "last_modified", "body_sha256")
FEW_AT_ONCE = HEAD.replace("per_host = 64", "per_host = 6")  # so that there are many small commits


@dataclass(frozen=True, slots=True)
class Stage:
    """An origin, and what undisturbed refreshes of its two editions leave. ``first`` is the folder of
    a store that holds edition 1."""

    room: Newsroom
    first: Path
    expected: tuple[Holding, Holding]


def staged(room: Newsroom, folder: Path) -> Stage:
    folder.mkdir(parents=True, exist_ok=True)
    program = Program(folder, room.configuration(FEW_AT_ONCE))
    found = []
    for edition in (1, 2):
        room.open(edition)
        report = program.refresh()
        assert (report["exit"], report["sources"]["fetched"]) == (0, room.size), report
        found.append(holding(program.database))
        if edition == 1:
            shutil.copytree(program.database.parent, folder / "first")
    assert found[1].revisions
    return Stage(room, folder / "first", (found[0], found[1]))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ThreadedOrigin() as origin:
        yield staged(Newsroom(origin), tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ThreadedOrigin() as origin:
        yield staged(Newsroom(origin, 12), tmp_path_factory.mktemp("small"))


def program_for(stage: Stage, folder: Path, edition: int) -> Program:
    """The program about to fetch an edition: in an empty folder the first, over the first the second."""
    stage.room.open(edition)
    program = Program(folder, stage.room.configuration(FEW_AT_ONCE))
    if edition == 2:
        shutil.copytree(stage.first, program.database.parent)
    return program


def killed(program: Program, point: str, *, room: Newsroom, verb: str = "refresh") -> bool:
    """Runs the program until it is killed at ``point``; whether that was inside a transaction.

    Besides those of kill_at.py there are ``request:N`` (the N-th request has arrived) and
    ``file:SUFFIX:BYTES`` (a file of the database has grown that large), seen from outside.
    """
    kind, *rest = point.split(":")
    seen_from_outside = kind in ("request", "file")
    program.launch = (DRIVER, "never" if seen_from_outside else point)
    before = room.origin.count()
    process = program.start(verb)
    try:
        if kind == "request":
            room.origin.wait_for(count=before + int(rest[0]))
            process.kill()
        elif kind == "file":
            _wait_for_size(Path(f"{program.database}{rest[0]}"), int(rest[1]), process)
            process.kill()
        _, told = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.communicate()
        program.launch = ("-m", "aggregator")
    assert process.returncode == -signal.SIGKILL, f"ended by itself before {point}: {told}"
    assert seen_from_outside or "killed " in told, told
    return "killed inside" in told


def _wait_for_size(file: Path, size: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and process.poll() is None:
        for _ in range(200):
            try:
                if file.stat().st_size >= size:
                    return
            except FileNotFoundError:
                pass
    raise AssertionError(f"{file.name} never had {size} bytes: {process.communicate()}")


def check_whole(database: Path, folder: Path, expected: Holding) -> int:
    """The store that a kill has left opens and is in order, and no source has validators of an edition
    without its items. Looks at a copy; gives how many sources have validators of this edition."""
    if not database.exists():
        return 0

    async def look(path: Path) -> list[str]:
        settings = StoreSettings(path=str(path))
        async with await open_store(settings, now=lambda: datetime.now(UTC), role="crawler") as store:
            return await store.integrity()

    copy = copied(database, folder)
    assert asyncio.run(look(copy)) == []
    found, current = holding(copy), 0
    for source, values in found.sources.items():
        same = [
            key for key in VOUCHING if values.get(key) and values.get(key) == expected.sources[source][key]
        ]
        if same:
            assert found.items.get(source) == expected.items[source], f"{same} of {source} without its items"
        current += bool({"etag", "last_modified"} & set(same))
    return current


def recover(program: Program, stage: Stage, edition: int, current: int | None = None) -> None:
    """The next refresh fetches what the kill has cost, at once, and ends as an undisturbed one. The
    ``current`` sources whose edition is stored already are not sent anything again."""
    report = program.refresh()
    assert report["exit"] == 0, report
    assert report["sources"]["skipped"] == 0, "dead leases block nobody"
    assert current is None or report["sources"]["not_modified"] == current
    assert differences(holding(program.database), stage.expected[edition - 1]) == []


def points(seed: int, sources: int) -> list[tuple[int, str]]:
    """Forty moments, as (edition, point), from start-up to the end of a refresh."""
    random = Random(seed)

    def some(most: float) -> int:
        return random.randint(1, int(most * sources))

    def items(edition: int) -> int:
        return some(15 if edition == 1 else 2)

    return [
        (1, "sql:CREATE table:3:statement"),
        (1, "sql:CREATE table:3:commit"),
        (1, f"sql:INSERT source:{some(1)}:statement"),
        (1, f"sql:INSERT feed:{some(1)}:committed"),
        (1, "sql:INSERT run:1:statement"),
        (2, "sql:INSERT run:1:committed"),
        (1, "sql:UPDATE source:1:statement"),
        (2, "sql:UPDATE source:1:committed"),
        (1, "sql:DELETE run:1:statement"),
        (2, "sql:DELETE run:1:commit"),
        *((edition, f"request:{some(0.95)}") for edition in (1, 1, 2, 2)),
        # First documents are read in other processes once there is a crowd of them.
        *((1, f"parse:{random.randint(1, 4)}:{when}") for when in ("before", "after")),
        *((2, f"parse:{some(1)}:{when}") for when in ("before", "after")),
        *((edition, f"sql:INSERT item:{items(edition)}:statement") for edition in (1, 1, 1, 2, 2)),
        *((edition, f"sql:INSERT member:{items(edition)}:statement") for edition in (1, 2)),
        *((edition, f"sql:INSERT alias:{items(edition)}:statement") for edition in (1, 1, 2)),
        *((edition, f"sql:INSERT trail:{some(0.1)}:statement") for edition in (1, 2)),
        (2, f"sql:INSERT revision:{some(0.5)}:statement"),
        *((edition, f"sql:INSERT item:{items(edition)}:commit") for edition in (1, 1, 2)),
        *((edition, f"sql:INSERT item:{items(edition)}:committed") for edition in (1, 2)),
        *((1, f"file:-wal:{random.randint(200_000, 900_000)}") for _ in range(3)),
        (1, "file::200000"),  # while the log is folded into the database, at the end
    ]


POINTS = points(SEED, 60)


def is_inside(point: str) -> bool:
    return point.endswith((":statement", ":commit"))


def test_the_forty_points_reach_into_transactions() -> None:
    assert len(POINTS) == 40
    assert sum(is_inside(point) for _, point in POINTS) >= 15


def check_kill(stage: Stage, folder: Path, edition: int, point: str) -> None:
    program = program_for(stage, folder, edition)
    inside = killed(program, point, room=stage.room)
    assert inside == is_inside(point)
    current = check_whole(program.database, folder / "copy", stage.expected[edition - 1])
    recover(program, stage, edition, current)


@pytest.mark.slow
@pytest.mark.parametrize(("edition", "point"), POINTS)
def test_a_refresh_killed_anywhere_costs_nothing(
    large: Stage, tmp_path: Path, edition: int, point: str
) -> None:
    check_kill(large, tmp_path, edition, point)


@pytest.mark.parametrize(
    ("edition", "point"),
    [
        (1, "request:7"),
        (1, "sql:INSERT item:80:statement"),
        (2, "sql:INSERT revision:3:commit"),
        (2, "sql:INSERT item:9:committed"),
    ],
)
def test_a_killed_refresh_costs_nothing(small: Stage, tmp_path: Path, edition: int, point: str) -> None:
    check_kill(small, tmp_path, edition, point)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_several_kills_in_a_row_cost_nothing(large: Stage, tmp_path: Path, seed: int) -> None:
    """Each run gets a little further than the one before, or not at all."""
    random = Random(seed)
    program = program_for(large, tmp_path, 1)
    for number, where in enumerate(("item", "alias", "item", "member")):
        point = f"sql:INSERT {where}:{random.randint(1, 100)}:{random.choice(('statement', 'committed'))}"
        killed(program, point, room=large.room)
        check_whole(program.database, tmp_path / f"copy{number}", large.expected[0])
    recover(program, large, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", ["sql:INSERT item:200:statement", "sql:INSERT item:300:committed", "request:30"]
)
def test_a_killed_daemon_costs_nothing(large: Stage, tmp_path: Path, point: str) -> None:
    program = program_for(large, tmp_path, 1)
    program.write(large.room.configuration(FEW_AT_ONCE, every="1s"))
    killed(program, point, room=large.room, verb="run")
    program.write(large.room.configuration(FEW_AT_ONCE))
    check_whole(program.database, tmp_path / "copy", large.expected[0])
    recover(program, large, 1)
    with Daemon(program) as daemon:
        pass  # the dead one's lock is gone
    assert daemon.status == 0


@pytest.mark.slow
def test_a_daemon_takes_over_from_a_killed_refresh(small: Stage, tmp_path: Path) -> None:
    """What the dead process had leased is due again within seconds, not when the leases run out."""
    program = program_for(small, tmp_path, 1)
    program.write(small.room.configuration(every="1s"))
    program.run("status")  # now all are in the store, and due within a second
    hold = small.room.origin.event()
    small.room.open(hold=hold, held=range(small.room.size))
    before = small.room.origin.count()
    refresh = program.start("refresh")
    try:
        small.room.origin.wait_for(count=before + small.room.size)
        with Daemon(program) as daemon:
            refresh.kill()
            small.room.origin.set(hold)
            for number in range(small.room.size):
                daemon.wait_for(name(number))
    finally:
        refresh.kill()
        refresh.communicate()
    assert daemon.status == 0
    program.write(small.room.configuration(FEW_AT_ONCE))
    recover(program, small, 1)
