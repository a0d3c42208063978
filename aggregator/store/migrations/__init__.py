"""Versions of the schema, oldest first. alembic's own files are beside this one; nothing here imports
alembic, so that a start without an upgrade need not load it."""

KNOWN = ("0001", "0002", "0003", "0004", "0005")
HEAD = KNOWN[-1]
