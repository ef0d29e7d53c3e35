"""alembic's scripts for the platform's own tables; `storage.schema` runs them."""
