"""Threads for blocking calls: how many there are and how they end."""

from __future__ import annotations

import threading
from functools import partial
from queue import SimpleQueue

from heartbeat.net.threads import Threads


def started(before: set[threading.Thread]) -> set[threading.Thread]:
    """Return the threads that there were not before."""
    return set(threading.enumerate()) - before


def test_calls_are_run() -> None:
    """Every call is run, by as many threads as are allowed at most."""
    before = set(threading.enumerate())
    done: SimpleQueue[int] = SimpleQueue()
    threads = Threads(2)
    for number in range(20):
        threads.run(partial(done.put, number))
    found = {done.get() for _ in range(20)}
    count = len(started(before))
    threads.close()

    assert found == set(range(20))
    assert count <= 2


def test_an_idle_thread_is_used_again() -> None:
    """A second thread is not started while the first has nothing to do."""
    before = set(threading.enumerate())
    done: SimpleQueue[threading.Thread] = SimpleQueue()
    threads = Threads(2)
    threads.run(lambda: done.put(threading.current_thread()))
    first = done.get()
    threads._idle.acquire()  # pyright: ignore[reportPrivateUsage]
    threads._idle.release()  # pyright: ignore[reportPrivateUsage]
    threads.run(lambda: done.put(threading.current_thread()))
    second = done.get()
    count = len(started(before))
    threads.close()

    assert (first, count) == (second, 1)


def test_closing_ends_the_threads_and_forgets_what_waits() -> None:
    """A call under way is finished, those behind it are not begun."""
    before = set(threading.enumerate())
    gate = threading.Event()
    done: SimpleQueue[str] = SimpleQueue()
    threads = Threads(1)
    threads.run(gate.wait)
    threads.run(lambda: done.put("late"))
    threads.close()
    gate.set()
    for thread in started(before):
        thread.join()

    assert done.empty()


def test_threads_do_not_keep_the_process() -> None:
    """A call that hangs does not delay the end of the process."""
    before = set(threading.enumerate())
    gate = threading.Event()
    threads = Threads(1)
    threads.run(gate.wait)
    daemons = [thread.daemon for thread in started(before)]
    threads.close()
    gate.set()

    assert daemons == [True]
