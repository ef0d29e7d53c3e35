"""`weather reload`: makes a running `weather up` load changed code."""

from weather_platform.commands.console import say
from weather_platform.settings import Settings


def reload() -> None:
    """Make the running `weather up` load changed code: it restarts code server, worker, API and site.

    The button "Reload definitions" in Dagster's UI does not load changed code.
    """
    from weather_platform.runtime.up import reload_code

    pid = reload_code(Settings.from_environment().home)
    say(f"Asked `weather up` (process {pid}) to reload the code; its own output says when.")
