"""XML that real sites send to one lxml tree: strict where possible, repaired where it is safe.

Repairs (tier "repaired") change only what makes a document ill-formed, in one linear pass, and the
result goes through the same strict parser: lxml's recover mode is never used, since it drops text
without a word. What strict parsing still refuses is `Unparsable`, for `salvage`.
"""

from __future__ import annotations

from lxml import etree

from aggregator.errors import NotAFeed, Unparsable
from aggregator.parse.decode import decode
from aggregator.parse.guess import meant_to_be
from aggregator.parse.repair import repair, without_c1_references
from aggregator.parse.scan import doctype_start


def root(data: bytes, content_type: str | None, *, wanted: str = "feed") -> tuple[etree._Element, str, str]:
    """The root element, the tier ("strict" or "repaired") and the encoding that was read.

    ``content_type`` is the HTTP header. Documents with a DOCTYPE are never parsed as they are: no
    entity but XML's five is ever expanded. Only what is ``wanted``, in the words of `guess.describe`, is
    repaired. Raises `NotAFeed` when there is no XML at all or something else, such as an HTML page,
    `Unparsable` when repairs were not enough (``offset`` is then a line).
    """
    decoded = decode(data, content_type, kind="xml")
    text = decoded.text
    if doctype_start(text) < 0:
        # The override makes lxml ignore the declaration, which by now is either right or a lie.
        as_meant = without_c1_references(text)
        unchanged = decoded.encoding == "utf-8" and not decoded.damaged and as_meant is text
        encoded = data if unchanged else _utf8(as_meant)
        try:
            element = etree.fromstring(encoded, _parser())
        except etree.XMLSyntaxError:
            pass
        else:
            return element, "repaired" if decoded.damaged else "strict", decoded.encoding
    meant = meant_to_be(text)
    if meant != wanted:
        raise NotAFeed(f"not {'a feed' if wanted == 'feed' else wanted} but {meant}", format="xml")
    try:
        return etree.fromstring(_utf8(repair(text)), _parser()), "repaired", decoded.encoding
    except etree.XMLSyntaxError as error:
        raise Unparsable(f"not well-formed: {error.msg}", format="xml", offset=error.lineno) from error


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=False,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
