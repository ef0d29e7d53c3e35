"""`weather …`, also as `python -m weather_platform …`."""

import sys
from collections.abc import Callable

from weather_platform.runtime.interrupts import noticed_interrupts, take_interrupts


def main() -> None:
    """The console script; Ctrl-C ends it in one line while it still imports, too."""
    try:
        take_interrupts()
        _command_line()()
    except KeyboardInterrupt:
        sys.stderr.write("Stopping …\n")
        raise SystemExit(130) from None


def _command_line() -> Callable[[], None]:
    """Imported in half a second and more."""
    with noticed_interrupts() as is_interrupted:
        from weather_platform.cli import main as run

        if is_interrupted():
            raise KeyboardInterrupt
    return run


if __name__ == "__main__":
    main()
