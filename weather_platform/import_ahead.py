"""What staging and curating a month import, imported before the first one, and how the garbage collector treats it.

A month makes 200,000 objects that the collector tracks and that go by themselves. By its defaults it runs 280 times
meanwhile and looks through every object of the process twice, nearly all of them of modules: 0.25 to 0.37 s of the
0.95 s of processor time that a month took. Out of its sight, and looked for after 50,000 objects: 0.02 s (measured).
"""

import gc
from functools import cache

_COLLECTED_AFTER = 50_000
"""Objects."""


@cache
def import_ahead() -> None:
    """Import, and keep the garbage collector from looking through it; once per process, from which it makes months."""
    from weather_platform.domain import documents  # noqa: F401
    from weather_platform.domain.climate import document  # noqa: F401
    from weather_platform.storage import flags, made_of, month_climate  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)
