"""What staging and curating a month import, imported before the first one, and out of the garbage collector's sight.

A month makes so many rows that the collector looks through all objects of the process, four times in a year's posting
of twelve months per month; of an API 140 ms each time (measured), nearly all of it for modules.
"""

import gc


def import_ahead() -> None:
    """Import now, and let the garbage collector ignore all there is."""
    from weather_platform.domain import documents
    from weather_platform.domain.climate import document
    from weather_platform.storage import flags, made_of, month_climate

    del documents, document, flags, made_of, month_climate
    gc.collect()
    gc.freeze()
