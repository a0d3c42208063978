"""Time zones as dates name them: offsets, and the abbreviations that mean one thing only."""

from __future__ import annotations

import re
from datetime import timedelta

#: Matches a zone at the end of a date; `offset_of` tells what it means. Compiled without regard to case.
ZONE = (
    r"(?:(?:utc|gmt|ut|z)? ?[+-](?:\d\d:?\d\d|\d{1,2}(?::\d\d)?)(?: ?\([^()]*\)|(?= [a-z]{2,5}$) [a-z]{2,5})?"
    r"|[a-z]{1,5}|[a-z]+/[a-z_]+)"
)
_OFFSET = re.compile(r"(?:UTC|GMT|UT|Z)? ?([+-])(\d{1,2}):?(\d\d)?(?: ?\(.*\)| [A-Z]+)?")
_LARGEST = timedelta(hours=15)

# RFC 822 section 5.1 for North America. Left out: what several countries use (IST, AST of Arabia)
# and the military letters, which RFC 5322 section 4.3 tells us not to believe.
_HOURS: dict[str, float] = {
    "UTC": 0, "UT": 0, "GMT": 0, "Z": 0, "WET": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "ADT": -3, "NST": -3.5, "NDT": -2.5, "BRT": -3, "ART": -3,
    "BST": 1, "WEST": 1, "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2,
    "SAST": 2, "EEST": 3, "MSK": 3, "MSD": 4, "TRT": 3, "PKT": 5, "ICT": 7, "WIB": 7, "HKT": 8,
    "SGT": 8, "MYT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip


def offset_of(zone: str) -> timedelta | None:
    """How far ``zone`` is ahead of UTC, or None where that cannot be told. "-0000" is UTC: RFC 5322
    has it mean "UTC, and the place is not said". Raises ValueError for an impossible offset."""
    written = zone.upper().strip()
    if written in _HOURS:
        return timedelta(hours=_HOURS[written])
    match = _OFFSET.fullmatch(written)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if offset > _LARGEST or int(match[3] or 0) > 59:
        raise ValueError("no such zone")
    return -offset if match[1] == "-" else offset
