"""The verbs that look and tell: check, status, opml."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from yarl import URL

from aggregator.cli.logs import printable
from aggregator.cli.root import OK, USAGE, commands, load, parse, print_json, run_to_end
from aggregator.errors import ConfigError, ParseError
from aggregator.model.settings import Config
from aggregator.process.health import health

if TYPE_CHECKING:
    from aggregator.parse.opml import Subscription
    from aggregator.store.base import SourceStatus


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(context: click.Context, as_json: bool) -> int:
    """Read the configuration and print every problem at once, or what it comes to."""
    from aggregator.config.effective import effective, tables

    try:
        config = load(context)
        from aggregator import app

        app.crawlers(config)
    except ConfigError as error:
        if not as_json:
            raise
        problems = [
            {"file": each.file, "line": each.line, "where": each.where, "problem": each.text}
            for each in error.problems
        ]
        print_json({"ok": False, "problems": problems})
        return USAGE
    if as_json:
        print_json({"ok": True, "problems": [], "effective": tables(config)})
    else:
        click.echo(effective(config))
        count = f"{len(config.sources)} sources in {len(config.categories)} categories"
        click.echo(f"{config.file}: {count}, no problems", err=True)
    return OK


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> int:
    """Every source: health, last success, next check, last error."""
    config = load(context)
    from aggregator import app

    now = app.utc_now()
    statuses = run_to_end(app.statuses(config))
    if as_json:
        print_json({"sources": [_status_json(each, now) for each in statuses]})
        return OK
    width = max((len(each.name) for each in statuses), default=6)
    for each in statuses:
        state = each.state
        line = (
            f"{each.name:{width}}  {health(state, now):8}  {each.item_count:>6} items  "
            f"last success {_when(state.last_ok_at)}  next check {_when(state.next_check_at)}"
        )
        if state.error is not None:
            error = state.error
            line += f"  {error.stage}: {error.type}: {error.message} ({state.failures} in a row)"
        click.echo(printable(line))
    return OK


def _status_json(each: SourceStatus, now: datetime) -> dict[str, Any]:
    state = each.state
    return {
        "name": each.name,
        "title": each.title,
        "category": each.category,
        "kind": each.kind,
        "url": str(URL(each.url).with_user(None)) if "@" in each.url else each.url,
        "health": health(state, now),
        "items": each.item_count,
        "last_check": state.last_check_at,
        "last_success": state.last_ok_at,
        "last_new": state.last_new_at,
        "next_check": state.next_check_at,
        "held_until": state.hold_until_at,
        "fresh_until": state.fresh_until_at,
        "failures": state.failures,
        "error": state.error,
    }


def _when(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ") if at else f"{'never':20}"


@commands.group("opml")
def opml_group() -> None:
    """Subscription lists."""


@opml_group.command("export")
@click.option("--feeds", is_flag=True, help="Our feeds, rather than our sources.")
@click.pass_context
def opml_export(context: click.Context, feeds: bool) -> int:
    """Print our sources as an OPML subscription list, or with --feeds our feeds."""
    config = load(context)
    from aggregator import app
    from aggregator.publish import opml

    click.echo(run_to_end(app.opml_list(config, feeds=feeds)), nl=False)
    left_out = [] if feeds else [each.name for each in config.sources if opml.shareable_address(each) is None]
    for name in left_out:
        click.echo(f"left out, no feed or not for others: {name}", err=True)
    return OK


@opml_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--write", is_flag=True, help="Append the blocks to the configuration file, too.")
@click.pass_context
def opml_import(context: click.Context, file: str, write: bool) -> int:
    """Print a ready [[source]] block for each subscription that is not configured yet."""
    config = load(context)
    from aggregator.parse import opml

    try:
        subscriptions = opml.read(Path(file).read_bytes())
    except ParseError as error:
        raise click.UsageError(f"{file}: {error}") from error
    text = _blocks(config, subscriptions)
    click.echo(text, nl=False)
    if write and text:
        _append(Path(context.obj), text)
    return OK


def _blocks(config: Config, subscriptions: Sequence[Subscription]) -> str:
    from aggregator.config import blocks

    urls = {source.url for source in config.sources}
    names = {source.name for source in config.sources}
    text = ""
    for each in subscriptions:
        if each.url in urls:
            click.echo(printable(f"already configured: {each.url}"), err=True)
            continue
        if not each.url.lower().startswith(("http://", "https://")):
            click.echo(printable(f"left out, not http or https: {each.url}"), err=True)
            continue
        name = blocks.name_for(each.title, each.url, names)
        names.add(name)
        text += blocks.block(
            name=name, url=each.url, title=each.title, category=blocks.category_for(each.folders)
        )
    return text


def _append(path: Path, text: str) -> None:
    """Add to the configuration only what leaves it valid: the whole is checked first, then renamed
    into place, so that a crash or a bad list never leaves half a file."""
    whole = path.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + text.rstrip("\n") + "\n"
    parse(path, whole)
    beside = path.with_name(path.name + ".new")
    beside.write_text(whole, encoding="utf-8")
    beside.replace(path)
