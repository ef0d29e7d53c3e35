"""``python -m weather_platform.runtime.webserver …`` instead of ``dagster-webserver …``: repaired and guarded."""

import sys

from weather_platform.dagster_patches.guard import SignIn
from weather_platform.dagster_patches.webserver import serve
from weather_platform.domain.errors import WeatherError
from weather_platform.settings import Settings


def main() -> None:
    """Serve as set; returns 1 for invalid settings."""
    try:
        settings = Settings.from_environment()
    except WeatherError as error:
        sys.stderr.write(f"{error.cause}\n{error.cure}\n")
        sys.exit(1)
    login = settings.dagster_credentials
    serve(settings.dagster_hosts, SignIn(*login) if login else None)


if __name__ == "__main__":
    main()
