"""How far a refresh has come, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aggregator.app import Tally


@contextmanager
def bar() -> Iterator[Callable[[Tally], None]]:
    """A progress bar on stderr; yields what is to be called with each new tally."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[items]} new items, {task.fields[failed]} failed"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("refresh", total=None, items=0, failed=0)

        def show(tally: Tally) -> None:
            progress.update(
                task,
                total=tally.selected,
                completed=sum(tally.results.values()),
                items=tally.items["new"],
                failed=tally.results["failed"],
            )

        yield show


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
