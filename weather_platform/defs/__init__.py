"""Definitions for Dagster; the work is done by `pipeline` and the layers below."""
