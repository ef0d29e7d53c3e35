"""Where observations come from: one port, month → bytes with provenance."""
