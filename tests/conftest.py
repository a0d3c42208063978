"""Fixtures of every part's tests. Helpers are imported by name: ``from tests.origin import Response``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that tests find tests.origin

from tests.origin import Origin, ThreadedOrigin

# A busy machine must not fail a property: how long one example takes is not what is tested.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    """A scripted web server on the loopback interface, in the test's own loop."""
    async with Origin() as server:
        yield server


@pytest.fixture
def threaded_origin() -> Iterator[ThreadedOrigin]:
    """The same on a thread of its own, for tests that run the program as another process."""
    with ThreadedOrigin() as server:
        yield server
