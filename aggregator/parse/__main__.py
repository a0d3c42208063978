"""``python -m aggregator.parse FILE…`` prints each parsed document as a line of JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from aggregator.errors import ParseError
from aggregator.parse import document


def main() -> int:
    """0 when every file was read, 1 when one was no feed, 2 when one could not be opened."""
    parser = argparse.ArgumentParser(prog="python -m aggregator.parse", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--content-type", help="the Content-Type header that it came with")
    parser.add_argument("--url", help="the address that it came from, which relative links resolve against")
    parser.add_argument("--admitted", action="store_true", help="print what would be stored instead")
    options = parser.parse_args()
    status = 0
    for name in options.files:
        try:
            data = Path(name).read_bytes()
            parsed = document(data, options.content_type, options.url, admitted=options.admitted)
        except OSError as error:
            print(f"{name}: {error.strerror}", file=sys.stderr)  # noqa: T201
            status = 2
        except ParseError as error:
            print(f"{name}: {error}", file=sys.stderr)  # noqa: T201
            status = max(status, 1)
        else:
            print(json.dumps(parsed, ensure_ascii=True))  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
