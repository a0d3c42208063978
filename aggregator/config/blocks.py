"""Ready ``[[source]]`` blocks for feeds.toml, out of subscriptions made elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

NAME_LENGTH = 40
TITLE_LENGTH = 500


def quoted(text: str) -> str:
    """A TOML basic string."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


def block(*, name: str, url: str, title: str, category: str) -> str:
    """One block, ending with an empty line. The title loses what no title may hold."""
    title = "".join(c for c in " ".join(title.split()) if c.isprintable())[:TITLE_LENGTH]
    lines = ["[[source]]", f"name = {quoted(name)}", f"url = {quoted(url)}"]
    if title:
        lines.append(f"title = {quoted(title)}")
    if category:
        lines.append(f"category = {quoted(category)}")
    return "\n".join(lines) + "\n\n"


def name_for(title: str, url: str, taken: Collection[str]) -> str:
    """A legal source name out of the title, else of the address; with a number where it is taken."""
    host = (urlsplit(url).hostname or "source").removeprefix("www.")
    base = _slug(title) or _slug(host) or "source"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def category_for(folders: tuple[str, ...]) -> str:
    """A legal category path out of folder titles; letters and marks of every script stay as they are."""
    parts = ("".join(_category_character(c) for c in unicodedata.normalize("NFC", each)) for each in folders)
    # Dots go too: a part that ended like a format would collide with its own feed's address.
    return "/".join(part for part in (re.sub(r"-+", "-", part).strip("-_") for part in parts) if part)


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:NAME_LENGTH].strip("-")
    # A title of two Latin letters among forty Chinese ones names nothing.
    letters = sum(c.isalnum() for c in text)
    return slug if len(slug) >= 2 and 2 * sum(c.isalnum() for c in slug) >= letters else ""


def _category_character(character: str) -> str:
    return character if character in "-_" or unicodedata.category(character)[0] in "LNM" else "-"
