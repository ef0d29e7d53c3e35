"""The rules of the platform as plain functions: no framework, no driver, no I/O."""
