"""The commands of `weather`, one module each: arguments and output only; the work is done in the other packages."""
