"""alembic's entry: it runs this file, which hands it the connection that `upgrade` was given."""

from __future__ import annotations

from alembic import context

from aggregator.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
