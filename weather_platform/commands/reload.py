"""`weather reload`: the platform that serves takes up changed code."""

from weather_platform.commands.console import say
from weather_platform.settings import Settings


def reload() -> None:
    """Have the `weather up` of this home load changed code: restarts code server, worker, API and site together.

    The button "Reload" in Dagster's UI fetches what the code server has loaded, and loads no code.
    """
    from weather_platform.runtime.up import reload_code

    pid = reload_code(Settings.from_environment().home)
    say(f"Asked `weather up` (process {pid}) to load the code anew; it says when it does.")
