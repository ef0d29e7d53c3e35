"""What alembic runs for each command: the scripts, on the connection that `storage.schema` hands over."""

from alembic import context

from weather_platform.storage.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
