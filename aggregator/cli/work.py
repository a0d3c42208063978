"""The verbs that crawl or serve: run, serve, refresh.

What they need is imported when they run: the parts below take half a second to import, which
``check`` and ``--help`` should not cost.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext

import click

from aggregator.cli.root import (
    ALL_FAILED,
    OK,
    SOME_FAILED,
    commands,
    load,
    orders_for,
    print_json,
    run_to_end,
    run_until_stopped,
)
from aggregator.model.settings import Config


@commands.command()
@click.pass_context
def run(context: click.Context) -> int:
    """Schedule, crawl and serve until stopped: the daemon."""
    orders = orders_for(context)
    config = load(context)
    from aggregator import daemon

    return run_until_stopped(daemon.run(config, orders), orders)


@commands.command()
@click.pass_context
def serve(context: click.Context) -> int:
    """Serve what is stored; crawl nothing."""
    orders = orders_for(context)
    config = load(context)
    from aggregator import daemon

    return run_until_stopped(daemon.serve(config, orders), orders)


@commands.command()
@click.argument("sources", nargs=-1)
@click.option("--category", help="Only sources of this category and those below it.")
@click.option("--due", is_flag=True, help="Only what the schedule would crawl now.")
@click.option("--force", is_flag=True, help="Do not wait for max-age or ttl (Retry-After is always obeyed).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def refresh(
    context: click.Context,
    sources: tuple[str, ...],
    category: str | None,
    due: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Crawl once and exit: every selected source, or all."""
    config = load(context)
    _known_names(config, sources, category)
    from aggregator import app
    from aggregator.cli import progress

    selection = app.Selection(names=sources, category=category, due=due, force=force)
    with progress.bar() if sys.stderr.isatty() else nullcontext(lambda tally: None) as show:
        started = time.monotonic()
        tally = run_to_end(app.refresh(config, selection, show))
        report = tally.report(time.monotonic() - started)
    if as_json:
        print_json(report)
    else:
        click.echo(progress.summary(report))
    failed, selected = report["sources"]["failed"], report["sources"]["selected"]
    return OK if not failed else ALL_FAILED if failed == selected else SOME_FAILED


def _known_names(config: Config, names: tuple[str, ...], category: str | None) -> None:
    known = {source.name for source in config.sources}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no such source: {', '.join(unknown)}")
    if category is not None and category not in {each.path for each in config.categories}:
        raise click.UsageError(f"no such category: {category}")
