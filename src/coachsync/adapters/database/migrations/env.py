"""Alembic's entry: the connection comes from the caller, so there is no address to configure."""

from alembic import context

from coachsync.adapters.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
