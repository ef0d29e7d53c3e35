"""The HTTP door: files come in, every layer is read. The work is done by `weather_platform`; here is what HTTP adds."""
