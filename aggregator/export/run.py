"""What belongs into the folder of an export: only what changed since the last run is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aggregator.errors import ExportError
from aggregator.export import posts, site
from aggregator.export.job import Job
from aggregator.export.tree import ExportReport, opened
from aggregator.model.settings import Config, Export
from aggregator.publish.posts import HEXO, JEKYLL, PostError, Templates, check_templates
from aggregator.store.base import Store


async def export(
    store: Store, config: Config, wanted: Export, *, generator: str, look: bool = True
) -> ExportReport:
    """Bring a folder in line with what is stored; write only what changed.

    ``look``: whether somebody else changed the files; taking for granted that nobody did costs less. An
    item or file that cannot be written is reported and left out. Raises ExportError if the folder cannot
    be used, a template cannot be read or there is no such feed, and StoreError.
    """
    try:
        check_templates(templates_of(wanted))
    except PostError as error:
        raise ExportError(f"template: {error}") from error
    if wanted.feed is not None:
        found = await store.revision(wanted.feed)
        if found is None or found[1]:
            raise ExportError(f"no such feed: {wanted.feed}")
    section = f"{wanted.format} {wanted.feed}" if wanted.feed else wanted.format
    with opened(Path(wanted.directory), section, look=look) as tree:
        job = Job(
            store=store,
            config=config,
            tree=tree,
            feed=wanted.feed,
            templates=templates_of(wanted),
            generator=generator,
        )
        return tree.finish(await FORMATS[wanted.format](job))


def templates_of(wanted: Export) -> Templates:
    """The templates of the format's own, but for those that are given."""
    own = HEXO if wanted.format == "hexo" else JEKYLL
    return own.but(categories=wanted.categories, tags=wanted.tags, quote=wanted.quote)


FORMATS: dict[str, Callable[[Job], Awaitable[dict[str, object]]]] = {
    "html": site.html,
    "jekyll": posts.jekyll,
    "hexo": posts.hexo,
    "feeds": site.feeds,
}
