"""Many ask at once, of a store that has only just been opened."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from aggregator.model.settings import StoreSettings
from aggregator.store.connect import READERS
from aggregator.store.database import open_store


async def test_first_requests_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """More than there are connections: each must end, none may hold what another one waits for."""
    settings = StoreSettings(path=str(tmp_path / "aggregator.db"))
    store = await open_store(settings, now=lambda: datetime.now(UTC), role="reader")
    try:
        asked = [store.revision("source/nobody") for _ in range(READERS * 8)]
        assert await asyncio.gather(*asked) == [None] * len(asked)
    finally:
        await store.close()
