"""The verb that copies the store: backup."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from aggregator.cli.logs import printable
from aggregator.cli.root import OK, commands, load


@commands.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_context
def backup(context: click.Context, file: str, force: bool) -> int:
    """Copy the store into FILE, whole and checked, also while the daemon runs."""
    config = load(context)
    target = Path(file)
    if target.exists() and not force:
        raise click.UsageError(printable(f"{file} is there already; --force replaces it"))
    from aggregator.store import backup as copying

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up, as after Ctrl-C
    size = copying.backup(Path(config.store.path), target)
    click.echo(printable(f"{file}: {size} bytes"))
    return OK
