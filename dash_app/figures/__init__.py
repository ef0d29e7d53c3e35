"""Charts as pure functions: from a frame and a `Look` to SVG."""
