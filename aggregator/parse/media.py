"""Media RSS: files, pictures and their words (https://www.rssboard.org/media-rss)."""

from __future__ import annotations

from urllib.parse import urlsplit

from aggregator.model.document import Text
from aggregator.parse.draft import LAST, STAND_IN, Draft
from aggregator.parse.elements import Element, Scope, absolute, attribute, offer, own_text
from aggregator.parse.markup import looks_like_markup, plain_of
from aggregator.parse.numbers import duration, whole

_MEDIA = ("audio", "video", "image")
# Only for files whose type nobody stated; the system's own table would differ between machines.
_TYPES = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg",
    "opus": "audio/ogg", "flac": "audio/flac", "wav": "audio/wav",
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm",
    "ogv": "video/ogg", "avi": "video/x-msvideo", "mkv": "video/x-matroska",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "bmp": "image/bmp",
}  # fmt: skip


def guessed_type(url: str) -> str:
    """The media type that an address's file name tells, or ""."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return _TYPES.get(path.rpartition(".")[2].lower(), "")


def is_media(media_type: str) -> bool:
    """Whether a media type is one of sound, film or picture."""
    return media_type.partition("/")[0].lower() in _MEDIA


def content(draft: Draft, element: Element, scope: Scope) -> None:
    """``media:content``: an enclosure if it is a file of sound, film or picture, not a player's page."""
    scope = scope.within(element)
    url = absolute(attribute(element, "url"), scope.base)
    title = ""
    for child in element:
        name = draft.names[child.tag]
        if name == "media:title":
            title = title or own_text(child) or ""
        elif name == "media:thumbnail":
            thumbnail(draft, child, scope)
        elif name == "media:description":
            _describe(draft, child, scope, LAST)
    if url is None:
        return
    media_type = attribute(element, "type") or ""
    if not media_type:
        media_type = guessed_type(url)
        if not media_type and (attribute(element, "medium") or "").lower() not in _MEDIA:
            return
    elif not is_media(media_type):
        return
    length = whole(attribute(element, "filesize"))
    draft.enclosure(url, media_type, length, duration(attribute(element, "duration")), title)


def group(draft: Draft, element: Element, scope: Scope) -> None:
    """``media:group``: several forms of one thing."""
    scope = scope.within(element)
    for child in element:
        handler = _IN_GROUP.get(draft.names[child.tag])
        if handler is not None:
            handler(draft, child, scope)


def thumbnail(draft: Draft, element: Element, scope: Scope) -> None:
    """``media:thumbnail``; the first one is the most important."""
    href = attribute(element, "url") or own_text(element)
    draft.image(STAND_IN, absolute(href, scope.within(element).base))


def title(draft: Draft, element: Element, scope: Scope) -> None:
    """``media:title``: the entry's title only where there is no other."""
    offer(draft.texts, "title", LAST, _typed(element, scope))


def description(draft: Draft, element: Element, scope: Scope) -> None:
    """``media:description``: the entry's text only where there is no other."""
    _describe(draft, element, scope, STAND_IN)


def _describe(draft: Draft, element: Element, scope: Scope, rank: int) -> None:
    offer(draft.texts, "fallback", rank, _typed(element, scope))


def _typed(element: Element, scope: Scope) -> Text | None:
    text = plain_of(element, scope)
    if text is None or attribute(element, "type") != "html" or not looks_like_markup(text.value):
        return text
    return Text(value=text.value, type="html", base=text.base, language=text.language)


_IN_GROUP = {
    "media:content": content,
    "media:thumbnail": thumbnail,
    "media:title": title,
    "media:description": description,
}
