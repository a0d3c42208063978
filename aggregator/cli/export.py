"""The verb that writes files: export."""

from __future__ import annotations

import click

from aggregator.cli.logs import printable
from aggregator.cli.root import OK, SOME_FAILED, commands, load, run_to_end
from aggregator.config.process_keys import FORMATS
from aggregator.errors import ExportError
from aggregator.model.settings import Config, Export

_ONE = ("format_name", "feed", "categories", "tags", "quote")


@commands.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(file_okay=False))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="Pages and feeds, posts for Jekyll or Hexo, or feeds only.",
)
@click.option("--feed", metavar="KEY", help='One feed only, such as "category/news" or "source/acme".')
@click.option("--categories", metavar="TEMPLATE", help="What posts are filed under, as a Jinja2 template.")
@click.option("--tags", metavar="TEMPLATE", help="Tags of posts, as a Jinja2 template.")
@click.option("--quote", metavar="TEMPLATE", help="What stands before a post's text, as a Jinja2 template.")
@click.pass_context
def export(
    context: click.Context,
    directory: str | None,
    format_name: str | None,
    feed: str | None,
    categories: str | None,
    tags: str | None,
    quote: str | None,
) -> int:
    """Write what is stored into DIR as a static tree; only what changed.

    Without DIR: every [[export]] of the configuration, each into its own folder.
    """
    config = load(context)
    if directory is None:
        given = [f"--{name.removesuffix('_name')}" for name in _ONE if context.params[name] is not None]
        if given:
            raise click.UsageError(f"{given[0]} needs DIR")
        if not config.exports:
            raise click.UsageError("expected DIR, or an [[export]] in the configuration")
        return max([_export(config, wanted) for wanted in config.exports])
    if format_name is None:
        raise click.UsageError("DIR needs --format")
    wanted = Export(
        directory=directory,
        format=format_name,
        feed=feed,
        categories=categories,
        tags=tags,
        quote=quote,
    )
    return _export(config, wanted)


def _export(config: Config, wanted: Export) -> int:
    from aggregator import app

    try:
        report = run_to_end(app.export_files(config, wanted))
    except ExportError as error:
        raise click.UsageError(printable(str(error))) from error
    for failure in report.failures:
        click.echo(printable(f"not exported: {failure}"), err=True)
    click.echo(
        f"{report.written} files written, {report.unchanged} unchanged, {report.removed} removed, "
        f"{len(report.failures)} failed"
    )
    return SOME_FAILED if report.failures else OK
