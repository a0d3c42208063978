"""The command line: verbs and exit codes. Data on stdout, logs and progress on stderr."""

from aggregator.cli import backup, export, look, preview, root, work

__all__ = ["backup", "export", "look", "main", "preview", "root", "work"]

main = root.main
