"""Gunicorn's settings for the site in a container."""

from typing import Any

bind = "0.0.0.0:8050"
workers = 2
threads = 4
preload_app = False  # each worker has its own cache and reader thread
worker_tmp_dir = "/dev/shm"  # a heartbeat on a slow disk looks like a hung worker
timeout = 120
control_socket_disable = True  # not used inside the container
accesslog = "-"
logconfig_dict: dict[str, Any] = {
    "formatters": {"json": {"()": "weather_platform.logs.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        name: {"level": "INFO", "handlers": ["console"], "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    },
}
