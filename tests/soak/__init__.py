"""Years of running, compressed: see `python -m tests.soak --help`."""
