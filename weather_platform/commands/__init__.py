"""The commands of `weather`, a module each; they speak to people, the work is done below."""
