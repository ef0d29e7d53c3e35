"""Prefetching in threads: while one item waits for a server, another is computed."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def prefetch(items: Iterable[T], make: Callable[[T], U], *, threads: int = 2) -> Iterator[tuple[T, U]]:
    """Yield each item with the result of `make`, in order; up to one result per thread is prepared in advance.

    An error of `make` is raised at its item's turn. Then no further item is started, and running ones are awaited.
    """
    todo = iter(items)
    first = list(islice(todo, 2))
    if len(first) == 1:  # a thread would cost extra memory
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
