"""The one table of formats, and what HTTP needs to know of a rendered feed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aggregator.model.feed import FeedView, Rendered
from aggregator.publish import atom, html, jsonfeed, rss


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """`media_type` is sent as Content-Type. `extension` ends the path. `answers` are the media types
    by which a client may ask for it, its own first."""

    media_type: str
    extension: str
    renderer: Callable[[FeedView], bytes]
    answers: tuple[str, ...]


def _format(extension: str, renderer: Callable[[FeedView], bytes], *answers: str) -> Format:
    media_type = f"{answers[0]}; charset=utf-8"
    return Format(media_type=media_type, extension=extension, renderer=renderer, answers=answers)


# In order of preference, which decides between formats that a client likes equally.
FORMATS: dict[str, Format] = {
    "atom": _format("atom", atom.atom, atom.MEDIA_TYPE, "application/xml", "text/xml"),
    "rss": _format("rss", rss.rss, rss.MEDIA_TYPE),
    "json": _format("json", jsonfeed.jsonfeed, jsonfeed.MEDIA_TYPE, "application/json"),
    "html": _format("html", html.feed_page, html.MEDIA_TYPE, "application/xhtml+xml"),
}
DEFAULT = "atom"


def render(format_name: str, view: FeedView) -> Rendered:
    """`view` in the format of that name. Raises KeyError for a name that is not in `FORMATS`."""
    chosen = FORMATS[format_name]
    body = chosen.renderer(view)
    return Rendered(
        body=body,
        media_type=chosen.media_type,
        etag=etag_of(body),
        last_modified_at=view.feed.updated_at,
    )


def etag_of(body: bytes) -> str:
    """The strong entity tag of exactly these bytes: a compressed variant has its own (RFC 9110
    section 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def negotiate(accept: str | None) -> str:
    """The format that an Accept header prefers (RFC 9110 section 12.5.1). Without a header, or when
    it takes none of ours, `DEFAULT`: a feed in some format beats an error page."""
    ranges = dict(_ranges(accept or "*/*"))
    best, best_rank = DEFAULT, (0.0, 0)
    for name, chosen in FORMATS.items():
        rank = max(_rank(ranges, media_type, own=n == 0) for n, media_type in enumerate(chosen.answers))
        if rank[0] > 0 and rank > best_rank:
            best, best_rank = name, rank
    return best


def _rank(ranges: dict[str, float], media_type: str, *, own: bool) -> tuple[float, int]:
    """(quality, how exactly it was named) of a media type. Wildcards speak of a format's own type only,
    or the second name of a format that was refused would bring it back."""
    if media_type in ranges:
        return ranges[media_type], 2
    major = f"{media_type.partition('/')[0]}/*"
    if own and major in ranges:
        return ranges[major], 1
    return (ranges.get("*/*", 0.0), 0) if own else (0.0, 0)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value.strip())
        if media_range:
            yield media_range, quality


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
