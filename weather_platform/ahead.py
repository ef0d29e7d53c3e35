"""Work done in advance, in threads: one waits for a server while another computes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(items: Iterable[T], make: Callable[[T], U], *, threads: int = 2) -> Iterator[tuple[T, U]]:
    """Every item with what `make` makes of it, in order; as many are made in advance as there are threads.

    An error of `make` comes in its item's turn. No further item is begun then, and those under way are waited for.
    """
    todo = iter(items)
    first = list(islice(todo, 2))
    if len(first) == 1:  # a thread would cost memory of its own
        yield first[0], make(first[0])
        return
    todo = chain(first, todo)
    begun: deque[tuple[T, Future[U]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        while True:
            begun.extend((item, pool.submit(make, item)) for item in islice(todo, threads - len(begun)))
            if not begun:
                return
            item, made = begun.popleft()
            yield item, made.result()
