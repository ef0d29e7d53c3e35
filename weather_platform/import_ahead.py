"""What staging and curating a month import, imported before the first one, and out of the garbage collector's sight.

A month makes so many rows that the collector looks through every object of the process, in an API 140 ms of its
processor for each month (measured); nearly all of them belong to modules and stay for ever.
"""

import gc
from functools import cache


@cache
def import_ahead() -> None:
    """Import, and let the garbage collector ignore all there is; once per process, which makes months from now on."""
    from weather_platform.domain import documents  # noqa: F401
    from weather_platform.domain.climate import document  # noqa: F401
    from weather_platform.storage import flags, made_of, month_climate  # noqa: F401

    gc.collect()
    gc.freeze()
