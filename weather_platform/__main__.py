"""`python -m weather_platform …` is `weather …`."""

from weather_platform.cli import main

main()
