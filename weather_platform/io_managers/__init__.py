"""Thin: a Dagster context becomes a call of `pipeline`, and what it says becomes metadata."""
