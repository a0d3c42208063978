"""Pictures and frames in cleaned HTML: lazy ones shown, invisible ones removed, videos kept.

Works on the sanitiser's output only, whose tags a pattern matches exactly.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NOSCRIPT = re.compile(r"</?noscript(?=[\s/>])[^<>]*>", re.IGNORECASE)
_IMAGE = re.compile(r"<(img|source)((?: [a-z-]+=\"[^\"]*\")*)>")
_DOUBTFUL = re.compile(r" data-|(?:width|height)=\"[\s0]*[01](?![0-9])")  # lazy, or perhaps a pixel
_ATTRIBUTE = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
_FRAME = re.compile(r"<iframe((?: [a-z-]+=\"[^\"]*\")*)>.*?</iframe>", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"(?:blank|spacer|placeholder|loading|loader|lazy|transparent|pixel|grey|gray|dummy|empty|1x1)"
    r".{0,60}\.(?:gif|png|svg|jpe?g|webp)(?:[?#]|$)",
    re.IGNORECASE,
)
_LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-actualsrc")
_LAZY_SRCSETS = ("data-srcset", "data-lazy-srcset")
_LAZY = frozenset((*_LAZY_SOURCES, *_LAZY_SRCSETS))
_TINY = re.compile(r"\s*0*[01](?:\.[0-9]*)?\s*(?:px)?\s*", re.IGNORECASE)

_VIDEO_HOSTS = frozenset(
    (
        "www.youtube.com",
        "youtube.com",
        "www.youtube-nocookie.com",
        "youtube-nocookie.com",
        "player.vimeo.com",
        "player.bilibili.com",
    )
)
_SANDBOX = "allow-scripts allow-same-origin allow-presentation allow-popups"


def without_noscript(html: str) -> str:
    """``html`` with the content of its noscript elements in their place.

    A parser for browsers takes that content for text; it is the picture that readers without
    script, such as ours, are meant to see.
    """
    return _NOSCRIPT.sub("", html)


def settle_images(html: str) -> str:
    """``html`` with lazy pictures' addresses where readers look for them, and without pictures that
    show nothing: no address, or one pixel. Of a lazy picture and its fallback beside it one is left."""
    last = ("", -1)  # the address that a lazy picture got, and where its tag ended

    def settle(match: re.Match[str]) -> str:
        nonlocal last
        if not last[0] and match[2].startswith(' src="') and not _DOUBTFUL.search(match[2]):
            return match[0]
        attributes = dict(_ATTRIBUTE.findall(match[2]))
        had = len(attributes)
        lazy = not _LAZY.isdisjoint(attributes)
        if lazy:
            _lift(attributes)
        if match[1] == "img":
            if "src" not in attributes and "srcset" not in attributes:
                return ""
            if _invisible(attributes):
                return ""
            shown = attributes.get("src", "")
            if shown and shown == last[0] and not html[last[1] : match.start()].strip():
                return ""
            last = (shown if lazy else "", match.end())
        elif "src" not in attributes and "srcset" not in attributes:
            return ""
        if not lazy and len(attributes) == had:
            return match[0]
        return f"<{match[1]}" + "".join(f' {name}="{value}"' for name, value in attributes.items()) + ">"

    return _IMAGE.sub(settle, html)


def _lift(attributes: dict[str, str]) -> None:
    """Moves lazy addresses to src and srcset, where those are missing or a placeholder."""
    sources = [attributes.pop(name) for name in _LAZY_SOURCES if name in attributes]
    srcsets = [attributes.pop(name) for name in _LAZY_SRCSETS if name in attributes]
    if sources and ("src" not in attributes or _is_placeholder(attributes["src"])):
        attributes["src"] = sources[0]
    if srcsets and "srcset" not in attributes:
        attributes["srcset"] = srcsets[0]
        if "src" in attributes and not sources and _is_placeholder(attributes["src"]):
            del attributes["src"]


def _is_placeholder(address: str) -> bool:
    """Whether the file name is one of those that stand in for a picture still to be loaded."""
    return _PLACEHOLDER.search(address.rpartition("/")[2][:200]) is not None


def _invisible(attributes: dict[str, str]) -> bool:
    """Whether a picture is a counting pixel: at most 1 wide and high."""
    width, height = attributes.get("width"), attributes.get("height")
    if width is None or height is None:
        return False
    return bool(_TINY.fullmatch(width) and _TINY.fullmatch(height))


def settle_frames(html: str) -> str:
    """``html`` with frames of known video players sandboxed, and every other frame as a plain link."""

    def settle(match: re.Match[str]) -> str:
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        address = attributes.get("src") or attributes.get("data-src")
        if not address:
            return ""
        if not _is_video(address):
            return f'<a href="{address}" rel="noopener noreferrer">{address}</a>'
        kept = "".join(
            f' {name}="{attributes[name]}"' for name in ("title", "width", "height") if name in attributes
        )
        return (
            f'<iframe src="{address}"{kept} sandbox="{_SANDBOX}" loading="lazy" allowfullscreen=""></iframe>'
        )

    return _FRAME.sub(settle, html)


def _is_video(address: str) -> bool:
    """Whether an absolute address (as it stands in HTML) is https on a known video player's host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc.lower() in _VIDEO_HOSTS
