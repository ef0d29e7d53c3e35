"""Sources of observations: one port, from a month to bytes with provenance."""
