"""A portal's furniture, taken out of its texts before they are cleaned: quote widgets, hidden paragraphs,
advertisements. The operator says by selector what it is (`model.source.Clean`)."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.model.source import Clean
from aggregator.process.text import words

_MAY_BE_DROPPED = words(
    "a abbr address article aside b blockquote cite code dd del div dl dt em figcaption figure font footer h1"
    " h2 h3 h4 h5 h6 header i ins li main mark ol p pre q s section small span strong sub sup u ul"
)
_SHOWN = "img, picture, video, audio, iframe, object, embed, svg, canvas, math, input, hr, table"


def without_furniture(html: str, rules: Clean) -> str:
    """``html`` with the rules applied, in this order: remove, unwrap (the text of what is selected stays),
    replace in texts, and, last, drop what is empty then. Comments go when there is any rule."""
    tree = LexborHTMLParser(html, is_fragment=True)
    if tree.root is None:
        return html
    for selector in rules.remove:
        # From the last to the first: what is within another goes before it, not after it is freed.
        for node in reversed(tree.css(selector)):
            node.decompose()
    for selector in rules.unwrap:
        for node in tree.css(selector):
            node.unwrap()
    if rules.replace:
        _replace(tree, rules.replace)
    if rules.drop_empty:
        # Likewise, and so what held nothing but empty elements is empty, too.
        for node in reversed(tree.css("*")):
            if _is_empty(node):
                node.decompose()
    return tree.html or ""


def _replace(tree: LexborHTMLParser, pairs: tuple[tuple[str, str], ...]) -> None:
    if tree.root is None:  # nothing is left
        return
    texts = [node for node in tree.root.traverse(include_text=True) if node.tag == "-text"]
    for node in texts:
        before = after = node.text_content or ""
        for old, new in pairs:
            after = after.replace(old, new)
        if after != before:
            node.replace_with(after)


def _is_empty(node: LexborNode) -> bool:
    return (
        node.tag in _MAY_BE_DROPPED
        and not (node.text(deep=True) or "").strip()
        and node.css_first(_SHOWN) is None
    )
