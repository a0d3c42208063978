"""One target under atheris. What is imported inside the block is instrumented: our own code alone."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["aggregator"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    atheris.Setup([sys.argv[0], *rest], TARGETS[name].run)
    atheris.Fuzz()
