"""`reader` doing what its documentation says, one step a process, so that each is measured from the outside.

python tests/bench/peer.py DATABASE add HOST:PORT COUNT | update | count
"""

from __future__ import annotations

import importlib.util
import sys

if importlib.util.find_spec("sgmllib") is None:
    # reader brings a feedparser that knows this module by the name it had in an earlier package; nothing
    # asks for that package any more, and its successor is the same code.
    import feedparser_sgmllib

    sys.modules["sgmllib"] = feedparser_sgmllib

from reader import make_reader


def main() -> None:
    database, step, *rest = sys.argv[1:]
    with make_reader(database) as reader:
        if step == "add":
            for feed in range(int(rest[1])):
                reader.add_feed(f"http://{rest[0]}/feed/{feed}")
        elif step == "update":
            # Without scheduled=False it would leave out what it polled within the hour.
            reader.update_feeds(scheduled=False, workers=10)
        else:
            broken = reader.get_feed_counts(broken=True).total
            print(reader.get_entry_counts().total, broken)


if __name__ == "__main__":
    main()
