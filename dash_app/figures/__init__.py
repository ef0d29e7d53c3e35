"""Charts as pure functions: a frame and a `Look` in, the figure that plotly.js draws out."""
