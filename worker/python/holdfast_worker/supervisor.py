"""--processes N: starts N worker processes and starts those anew that end by themselves."""

from __future__ import annotations

import ctypes
import dataclasses
import logging
import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Sequence

from .log import start_logging
from .options import Options

log = logging.getLogger("holdfast_worker")

CHILD = "HOLDFAST_WORKER_CHILD_OF"
FIRST_DELAY, LAST_DELAY = 0.1, 10.0
STEADY_AFTER = 30.0  # who has lived so long starts again without delay
QUARANTINE_AFTER, QUARANTINE = 6, 60.0  # short lives in a row, and the pause after them
CANNOT_START = (1, 2)  # exit codes


def is_child() -> bool:
    return CHILD in os.environ


def follow_parent() -> bool:
    """A child drains when its parent dies, however that dies. Returns whether this is one."""
    parent = os.environ.pop(CHILD, None)
    if parent is None:
        return False
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != int(parent):
        os.kill(os.getpid(), signal.SIGTERM)
    return True


@dataclasses.dataclass
class Restarts:
    """When one process is started again. Times in seconds of time.monotonic()."""

    started_at: float = 0.0
    short_lives: int = 0  # in a row

    def delay(self, now: float) -> float:
        """After an end at `now`: how long to wait. Doubles with each short life; after
        QUARANTINE_AFTER of them it is QUARANTINE."""
        if now - self.started_at >= STEADY_AFTER:
            self.short_lives = 0
        self.short_lives += 1
        if self.short_lives >= QUARANTINE_AFTER:
            return QUARANTINE
        return min(LAST_DELAY, FIRST_DELAY * 2.0 ** (self.short_lives - 1))


@dataclasses.dataclass
class Slot:
    number: int
    restarts: Restarts = dataclasses.field(default_factory=Restarts)
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0


def supervise(options: Options, arguments: Sequence[str]) -> int:
    """Until a signal has drained all of them. Returns the exit code. Thread: the main one."""
    lines = start_logging(options.log_level, options.log_format)
    code = Supervisor(options.processes, arguments).run()
    lines.stop()
    return code


class Supervisor:
    def __init__(self, processes: int, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "holdfast_worker", *arguments]
        self._slots = [Slot(number) for number in range(processes)]
        self._signalled = False
        self._ending = False
        self._worst = 0
        self._restarted = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> int:
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_end)
        signal.signal(signal.SIGINT, self._on_end)
        while True:
            now = time.monotonic()
            for slot in self._slots:
                self._reap(slot, now)
                if slot.process is None and not self._ending and now >= slot.start_at:
                    self._start(slot, now)
            if self._ending and not any(slot.process for slot in self._slots):
                return self._worst
            self._sleep()

    def _on_end(self, number: int, _: FrameType | None) -> None:
        """The first drains all, a second one ends them and this process at once."""
        if self._signalled:
            self._end(signal.SIGKILL)
            os._exit(128 + number)
        self._signalled = True
        log.info("draining %d processes; a second signal ends at once", len(self._slots))
        self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> None:
        self._ending = True
        for slot in self._slots:
            if slot.process is not None:
                slot.process.send_signal(by)

    def _start(self, slot: Slot, now: float) -> None:
        environment = dict(os.environ, **{CHILD: str(os.getpid())})
        slot.restarts.started_at = now
        # Ctrl-C reaches the whole group: a child hears of it from here, once.
        slot.process = subprocess.Popen(self._command, env=environment, process_group=0)
        if self._ending:  # since a signal that came meanwhile, and found no process here
            slot.process.send_signal(signal.SIGTERM)
        log.info("process %d started: pid %d", slot.number, slot.process.pid)

    def _reap(self, slot: Slot, now: float) -> None:
        if slot.process is None or slot.process.poll() is None:
            return
        status = slot.process.returncode
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        slot.process = None
        if status in CANNOT_START and not self._restarted and not self._ending:
            # Of the first ones: the module does not load, and will not load later.
            log.error("process %d %s: cannot start", slot.number, how)
            self._end(signal.SIGTERM)
        if self._ending:
            self._worst = max(self._worst, status if status >= 0 else 1)
            return
        self._restarted = True
        delay = slot.restarts.delay(now)
        slot.start_at = now + delay
        if delay >= QUARANTINE:
            log.error(
                "process %d %s: it ends again and again, the next try is in %.0f s",
                slot.number,
                how,
                delay,
            )
        else:
            log.error("process %d %s: starting it again in %.1f s", slot.number, how, delay)

    def _sleep(self) -> None:
        waiting = [slot.start_at for slot in self._slots if slot.process is None]
        timeout = max(0.0, min(waiting) - time.monotonic()) if waiting else None
        if self._ending:
            timeout = None
        select.select([self._wake_read], [], [], timeout)
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
