"""How far a refresh has come, for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from aggregator.app import Tally


@contextmanager
def bar() -> Iterator[Callable[[Tally], None]]:
    """A progress bar on stderr; yields what is to be called with each new tally."""
    with click.progressbar(
        length=1, label="refresh", show_pos=True, item_show_func=_counts, file=sys.stderr
    ) as progress:

        def show(tally: Tally) -> None:
            progress.length = tally.selected
            progress.update(sum(tally.results.values()) - progress.pos, tally)

        yield show


def _counts(tally: Tally | None) -> str | None:
    return f"{tally.items['new']} new items, {tally.results['failed']} failed" if tally else None


def summary(report: dict[str, Any]) -> str:
    """A refresh in a few lines: the figures, then each failure with its stage and reason."""
    sources, items = report["sources"], report["items"]
    lines = [
        f"{sources['selected']} sources: {sources['fetched']} fetched, "
        f"{sources['not_modified']} not modified, {sources['unchanged']} unchanged, "
        f"{sources['failed']} failed, {sources['skipped']} skipped",
        f"items: {items['new']} new, {items['updated']} updated, {items['unchanged']} unchanged, "
        f"{items['dropped']} dropped, in {report['elapsed_s']:.1f} s",
    ]
    lines += [
        f"failed: {each['source']}: {each['stage']}: {each['error']}: {each['message']}"
        for each in report["failures"]
    ]
    return "\n".join(lines)
