"""The verb that writes files: export."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.logs import printable
from aggregator.cli.root import OK, SOME_FAILED, commands, load, run_to_end
from aggregator.errors import ExportError


@commands.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["html", "jekyll", "hexo", "feeds"]),
    help="Pages and feeds, posts for Jekyll or Hexo, or feeds only.",
)
@click.option("--feed", metavar="KEY", help='One feed only, such as "category/news" or "source/acme".')
@click.option("--categories", metavar="TEMPLATE", help="What posts are filed under, as a Jinja2 template.")
@click.option("--tags", metavar="TEMPLATE", help="Tags of posts, as a Jinja2 template.")
@click.pass_context
def export(
    context: click.Context,
    directory: Path,
    format_name: str,
    feed: str | None,
    categories: str | None,
    tags: str | None,
) -> int:
    """Write what is stored into DIR as a static tree; only what changed."""
    config = load(context)
    from aggregator import app

    try:
        report = run_to_end(
            app.export_files(
                config, directory, format=format_name, feed=feed, categories=categories, tags=tags
            )
        )
    except ExportError as error:
        raise click.UsageError(printable(str(error))) from error
    for failure in report.failures:
        click.echo(printable(f"not exported: {failure}"), err=True)
    click.echo(
        f"{report.written} files written, {report.unchanged} unchanged, {report.removed} removed, "
        f"{len(report.failures)} failed"
    )
    return SOME_FAILED if report.failures else OK
