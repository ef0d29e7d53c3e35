"""Made-up weather for ``sources.sample``: noise → climate → weather (hour by hour) → reports (what a station sends)."""
