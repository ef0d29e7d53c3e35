"""`weather …`, also as `python -m weather_platform …`."""

import sys


def main() -> None:
    """The console script; Ctrl-C ends it in one line while it still imports, too."""
    try:
        from weather_platform.cli import main as run  # half a second and more

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopping …\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
