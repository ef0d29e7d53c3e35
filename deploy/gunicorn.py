"""How gunicorn serves the site in a container."""

import json
from typing import Any

bind = "0.0.0.0:8050"
workers = 2
threads = 4
preload_app = False  # each worker keeps what it read in a memory and a thread of its own
worker_tmp_dir = "/dev/shm"  # a heartbeat on a slow disk looks like a hung worker
timeout = 120
control_socket_disable = True  # nobody steers it from inside the container
accesslog = "-"
access_log_format = json.dumps(
    {
        "time": "%(t)s",
        "logger": "site",
        "caller": "%(h)s",
        "request": "%(r)s",
        "status": "%(s)s",
        "bytes": "%(B)s",
        "seconds": "%(L)s",
    }
)
logconfig_dict: dict[str, Any] = {
    "formatters": {
        "json": {
            "()": "logging.Formatter",
            "fmt": '{"time": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
        },
        "plain": {"()": "logging.Formatter", "fmt": "%(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
        "access": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "plain"},
    },
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["access"], "propagate": False},
    },
}
