"""Every section of feeds.toml with its keys.

docs/configuration.md repeats these rows; a test compares the two. Defaults are the ones of
`aggregator.model`; the keys' own ``default`` only words them.
"""

from __future__ import annotations

from aggregator.config.key import Key
from aggregator.config.process_keys import EXPORT, FETCH, PUBLISHER, SERVER, SITE, STORE
from aggregator.config.source_keys import CATEGORY_TITLE, LISTING, NAME_AND_URL, PLACE, POLLING


def _table(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


SECTIONS = {
    "site": _table(*SITE),
    "store": _table(*STORE),
    "server": _table(*SERVER),
    "fetch": _table(*FETCH),
    "publisher": _table(*PUBLISHER),
    "export": _table(*EXPORT),
    "defaults": _table(*PLACE, *POLLING),
    "category": _table(CATEGORY_TITLE, *POLLING),
    "source": _table(*NAME_AND_URL, *LISTING, *PLACE, *POLLING),
}
"""The keys of each section, by name; those of "export", "category" and "source" are of each one."""
