"""The built-in crawler for feeds: RSS, Atom, RDF, CDF and JSON Feed, whichever the address serves."""

from __future__ import annotations

import hashlib

from yarl import URL

from aggregator.crawl.crawler import Body, CrawlContext, Crawled
from aggregator.fetch.local import is_local
from aggregator.model.http import FetchRequest
from aggregator.process.cadence import freshness_s

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)


async def crawl(context: CrawlContext) -> Crawled:
    """Ask for the feed, conditionally; it is to be read only if its bytes are not those of last time."""
    source, state = context.source, context.state
    url = state.adopted_url or source.url
    result = await context.fetch(
        FetchRequest(
            url=url,
            validators=state.validators,
            # The operator's headers may be secrets, and were given for the configured server alone.
            headers=source.headers if same_origin(url, source.url) else {},
            accept=ACCEPT,
            timeout_s=source.timeout_s,
            max_body_bytes=source.max_body_bytes,
            retry_after_on=source.retry_after_on,
            retry_after_scope=source.retry_after_scope,
        )
    )
    body = None
    digest = state.body_sha256
    if not result.not_modified:
        digest = hashlib.sha256(result.body).digest()
        if digest != state.body_sha256:
            body = Body(data=result.body, content_type=result.headers.get("content-type"))
    return Crawled(
        url=result.url,
        status=result.status,
        body=body,
        not_modified=result.not_modified,
        validators=result.validators,
        body_sha256=digest,
        max_age_s=freshness_s(result.headers, context.now),
        permanent_url=result.permanent_url,
    )


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port (RFC 6454). A file has no such origin."""
    if one == other:
        return True
    return not (is_local(one) or is_local(other)) and URL(one).origin() == URL(other).origin()
