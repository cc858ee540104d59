"""Where handlers run: a pool of threads for plain functions, one asyncio loop for async ones."""

from __future__ import annotations

import asyncio
import collections
import logging
import os
import queue
import threading
import time
from typing import Callable, Optional, Sequence

from . import calling
from .request import Request
from .rules.record import NEVER, Answer, Record, Verdict

log = logging.getLogger("holdfast_worker")

# A record, and either its answer or why it was not started.
Finished = tuple[Record, Verdict, Optional[Answer]]


class Inbox:
    """From the handlers to the loop. Bounded by the requests that the worker holds.

    Thread: push and wake from any, the rest from the loop.
    """

    def __init__(self) -> None:
        self.fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._items: collections.deque[Finished] = collections.deque()
        self._woken = False

    def push(self, item: Finished) -> None:
        self._items.append(item)
        if not self._woken:
            self.wake()

    def wake(self) -> None:
        self._woken = True
        os.write(self._write_fd, b"\0")

    def clear(self) -> None:
        """Before take_all, so that what comes meanwhile wakes the loop again.

        Reads whatever the mark says: its byte may come after the mark was taken down here. And reads
        first: a byte that is taken after that would leave the mark up, and nobody would be woken.
        """
        try:
            os.read(self.fd, 4096)
        except BlockingIOError:
            pass  # something else woke the loop, or the byte is still to come
        self._woken = False

    def take_all(self) -> list[Finished]:
        return [self._items.popleft() for _ in range(len(self._items))]


class Canceller:
    """Calls cancel callbacks on a thread of its own, never on the loop."""

    def __init__(self) -> None:
        self._callbacks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="cancels", daemon=True).start()

    def cancel(self, request: Request) -> None:
        for callback in request._cancel():
            self._callbacks.put(callback)

    def _work(self) -> None:
        while True:
            try:
                self._callbacks.get()()
            except BaseException:
                log.exception("a cancel callback failed")


class ThreadLane:
    """A queue and the threads that call plain functions. A batch is handed over under one lock and
    wakes one thread; each that finds more than it takes wakes the next."""

    def __init__(self, threads: int, inbox: Inbox, canceller: Canceller) -> None:
        self._threads = threads
        self._inbox = inbox
        self._canceller = canceller
        self._lock = threading.Lock()
        # Guarded by _lock.
        self._queue: collections.OrderedDict[Record, None] = collections.OrderedDict()
        self._idle: list[threading.Lock] = []  # what each waits for
        self._busy = 0
        self._waking = False  # one has been woken and has not looked yet
        self._last_taken = 0.0
        for number in range(threads):
            threading.Thread(target=self._work, name=f"handler-{number}", daemon=True).start()

    def submit(self, records: Sequence[Record]) -> None:
        with self._lock:
            for record in records:
                self._queue[record] = None
            self._wake_one()

    def withdraw(self, record: Record) -> bool:
        with self._lock:
            return self._queue.pop(record, self) is None

    def cancel(self, record: Record) -> None:
        self._canceller.cancel(record.payload[1])

    def busy_since(self) -> float:
        with self._lock:
            return self._last_taken if self._busy == self._threads else NEVER

    def any_busy(self) -> bool:
        return self._busy > 0

    def _wake_one(self) -> None:
        if self._queue and self._idle and not self._waking:
            self._waking = True
            self._idle.pop().release()

    def _work(self) -> None:
        bell = threading.Lock()
        bell.acquire()
        while True:
            record = self._take(bell)
            answer = calling.call(record)
            with self._lock:
                self._busy -= 1
            self._inbox.push((record, Verdict.START, answer))

    def _take(self, bell: threading.Lock) -> Record:
        """The next request that may start; waits for it."""
        while True:
            with self._lock:
                while self._queue:
                    record, _ = self._queue.popitem(last=False)
                    now = time.monotonic()
                    verdict = record.try_start(now)
                    if verdict is Verdict.START:
                        self._busy += 1
                        self._last_taken = now
                        self._wake_one()
                        return record
                    self._inbox.push((record, verdict, None))
                self._idle.append(bell)
            bell.acquire()
            self._waking = False  # even if a busy thread has emptied the queue meanwhile


class AsyncLane:
    """An asyncio loop on a thread of its own. Every request that is handed over is started at once,
    unless a handler blocks the loop."""

    def __init__(self, inbox: Inbox, canceller: Canceller) -> None:
        self._inbox = inbox
        self._canceller = canceller
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio itself keeps only weak references
        self._lock = threading.Lock()
        # Guarded by _lock.
        self._queue: collections.OrderedDict[Record, None] = collections.OrderedDict()
        self._last_taken = 0.0
        self._running = 0
        threading.Thread(target=self._work, name="asyncio", daemon=True).start()

    def submit(self, records: Sequence[Record]) -> None:
        with self._lock:
            for record in records:
                self._queue[record] = None
        self._loop.call_soon_threadsafe(self._start, records)

    def withdraw(self, record: Record) -> bool:
        with self._lock:
            return self._queue.pop(record, self) is None

    def cancel(self, record: Record) -> None:
        request: Request = record.payload[1]
        self._canceller.cancel(request)
        if request._task is not None:
            self._loop.call_soon_threadsafe(request._task.cancel)

    def busy_since(self) -> float:
        with self._lock:
            for record in self._queue:
                return max(self._last_taken, record.arrived)
            return NEVER

    def any_busy(self) -> bool:
        return self._running > 0

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _start(self, records: Sequence[Record]) -> None:
        for record in records:
            task = self._loop.create_task(self._run(record))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, record: Record) -> None:
        with self._lock:
            if self._queue.pop(record, self) is not None:
                return  # withdrawn
            self._last_taken = time.monotonic()
            verdict = record.try_start(self._last_taken)
            if verdict is Verdict.START:
                record.payload[1]._task = asyncio.current_task()
        if verdict is not Verdict.START:
            self._inbox.push((record, verdict, None))
            return
        self._running += 1
        answer = await calling.call_async(record)
        self._running -= 1
        self._inbox.push((record, Verdict.START, answer))
