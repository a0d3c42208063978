"""The attributes of cleaned HTML: every address absolute, a class only where it names a language.

Works on the sanitiser's output, whose tags a pattern matches exactly. The sanitiser would call back
for each attribute, but that costs as much as the rest of the cleaning, and it would take a new
sanitiser for every base address, which costs as much again.
"""

from __future__ import annotations

import re

from aggregator.process.links import absolute
from aggregator.process.text import words

MAX_CANDIDATES = 20  # addresses of one picture in several sizes

# All attributes of a tag are matched, in order: the end of one value may look like the name of an
# address (title=" src="), but never where an attribute starts.
# A tag with nothing but harmless attributes and addresses as they should be, which most are, is not
# even looked at. The address is what `links.absolute` returns unchanged, with "&" escaped.
_SETTLED = (
    r" (?:(?:alt|colspan|datetime|dir|height|lang|rel|rowspan|sizes|title|type|width)=\"[^\"]*\""
    r"|(?:href|src)=\"(?=[^\"]{1,8000}\")https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,4})?"
    r"(?:[/?#](?:[!#-%'-;=?-\[\]_a-z~]++|&amp;)*+)?\")"
)
_TAG = re.compile(rf"<([a-z0-9]+)(?= )(?!(?:{_SETTLED})++>)((?: [a-z-]+=\"[^\"]*\")+)>")
_ATTRIBUTE = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
_ADDRESSES = words("src poster cite data-src data-original data-lazy-src data-actualsrc")
_SRCSETS = words("srcset data-srcset data-lazy-srcset")
_JUDGED = frozenset(("href", "class", *_ADDRESSES, *_SRCSETS))
_LANGUAGE_CLASS = re.compile(r"(?:^|\s)(?:language|lang)-([\w+#.\-]{1,40})(?=\s|$)")
_OPENS_OTHERWISE = re.compile(r"\s*(?:mailto|tel):", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,]*")
_ADDRESS = re.compile(r"\S+")
_DESCRIPTOR = re.compile(r"\s*([0-9.]+[wxh])?[^,]*")


def settle_attributes(html: str, base: str | None) -> str:
    """``html`` with every address absolute (resolved against ``base``) and language classes alone.

    What does not become an http(s) address is dropped, but for mailto: and tel: links.
    """

    def settle(match: re.Match[str]) -> str:
        name, attributes = match.groups()
        changed = False
        kept = ""
        for attribute, escaped in _ATTRIBUTE.findall(attributes):
            if attribute in _JUDGED:
                value = _unescape(escaped) if "&" in escaped else escaped
                judged = _judge(attribute, value, base)
                if judged != value:
                    changed = True
                    if judged is not None:
                        kept += f' {attribute}="{_escape(judged)}"'
                    continue
            kept += f' {attribute}="{escaped}"'
        return f"<{name}{kept}>" if changed else match[0]

    return _TAG.sub(settle, html)


def _judge(name: str, value: str, base: str | None) -> str | None:
    """The value to publish of an address or a class, or None to drop it."""
    if name == "href" and _OPENS_OTHERWISE.match(value):
        return value.strip()
    if name in _SRCSETS:
        return _srcset(value, base)
    if name == "class":
        found = _LANGUAGE_CLASS.search(value)
        return f"language-{found[1]}" if found else None
    return absolute(value, base)


def _unescape(value: str) -> str:
    """What `_escape` undoes: "&amp;" last, so that nothing is decoded twice."""
    value = value.replace("&quot;", '"').replace("&nbsp;", "\xa0")
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escape(value: str) -> str:
    """``value`` as the sanitiser writes it into an attribute."""
    value = value.replace("&", "&amp;").replace("\xa0", "&nbsp;").replace('"', "&quot;")
    return value.replace("<", "&lt;").replace(">", "&gt;")


def _srcset(value: str, base: str | None) -> str | None:
    """A srcset with its first candidates, each absolute; None when none is left (HTML 4.8.4.2.1)."""
    kept: list[str] = []
    at = 0
    for _ in range(MAX_CANDIDATES):
        at = _end(_SEPARATORS, value, at)
        found = _ADDRESS.match(value, at)
        if found is None:
            break
        address, at = found[0].rstrip(","), found.end()
        descriptor = ""
        if address == found[0]:  # no comma at its end: a descriptor may follow
            follows = _DESCRIPTOR.match(value, at)
            if follows is not None:
                descriptor, at = follows[1] or "", follows.end()
        url = absolute(address, base)
        if url is not None:
            # A comma at either end of an address would be taken for a separator.
            url = url.replace(",", "%2C")
            kept.append(f"{url} {descriptor}" if descriptor else url)
    return ", ".join(kept) or None


def _end(pattern: re.Pattern[str], value: str, at: int) -> int:
    """Where ``pattern``, which also matches nothing, ends when it starts at ``at``."""
    found = pattern.match(value, at)
    return found.end() if found else at
