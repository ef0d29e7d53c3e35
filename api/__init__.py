"""The HTTP API: ingests files and reads every layer. `weather_platform` does the work; only HTTP is handled here."""
