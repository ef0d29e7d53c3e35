"""`python -m api`: serve the API at the settings' address."""

import sys

import uvicorn

from api.main import create_app_from_environment
from api.serving import server_config
from weather_platform.domain.errors import WeatherError
from weather_platform.memory import use_little_memory
from weather_platform.settings import Settings


def main() -> int:
    """Serve until SIGINT or SIGTERM; returns 1 if the settings are invalid."""
    use_little_memory()
    try:
        settings = Settings.from_environment()
        app = create_app_from_environment()
    except WeatherError as error:
        sys.stderr.write(f"{error.cause}\n{error.cure}\n")
        return 1
    uvicorn.Server(server_config(app, settings.api)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
