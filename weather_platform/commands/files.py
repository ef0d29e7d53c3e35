"""Files that commands write for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weather_platform.domain.errors import BadInput


@contextmanager
def replacing(output: Path) -> Iterator[Path]:
    """A path beside `output` to write to; it takes the place of `output` when all is written, else it goes.

    Ends in the suffix of `output`. BadInput where nothing can be written there.
    """
    unfinished = output.with_name(f".unfinished-{output.name}")
    try:
        yield unfinished
        unfinished.replace(output)
    except OSError as error:
        raise BadInput(
            f"{output} cannot be written: {error.strerror}.", "Free space there, or choose another --output."
        ) from error
    finally:
        if unfinished.exists():
            unfinished.unlink()
