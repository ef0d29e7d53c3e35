"""What the platform knows about weather: plain functions, no framework, no driver, no I/O."""
