"""The command line: verbs and exit codes. Data on stdout, logs and progress on stderr."""

from aggregator.cli import export, look, preview, root, work

__all__ = ["export", "look", "main", "preview", "root", "work"]

main = root.main
