"""Charts as pure functions: from a frame and a `Look` to the JSON that plotly.js draws."""
