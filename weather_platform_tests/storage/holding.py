"""A process that takes locks of a staging database and holds them until it is killed.

``python -m weather_platform_tests.storage.holding URL NAME [NAME …]`` prints ``held`` when it has them.
"""

import signal
import sys

from weather_platform.storage.databases import exclusive, open_engine


def main(url: str, *names: str) -> None:
    with exclusive(open_engine(url), *names):
        print("held", flush=True)  # noqa: T201  # what the test waits for
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
