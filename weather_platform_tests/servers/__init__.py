"""The real servers that tests talk to, one module each; what they share is in `process`."""
