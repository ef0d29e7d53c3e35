"""One script per change of the own tables, numbered in order; the newest is `schema.HEAD`."""
