"""One export, as its parts are handed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.export.tree import Tree
from aggregator.model.settings import Config
from aggregator.publish.posts import Templates
from aggregator.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``feed`` is the key of the only feed to export, None for all."""

    store: Store
    config: Config
    tree: Tree
    feed: str | None
    templates: Templates
    generator: str


def state(values: Sequence[object]) -> str:
    """Twelve digits that change with ``values``, which are what JSON can say."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()[:12]
