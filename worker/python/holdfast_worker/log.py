"""Lines on standard error, as holdfast-worker writes them.

A line never waits for whoever reads it: it is put into a bounded queue that a thread of its own
empties; when that is full, it is lost and counted. Repeated errors are folded.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import queue
import re
import sys
import threading
import time

QUEUED_LINES = 8192
LAST_LINES_WITHIN = 2.0  # an ending process does not wait longer for whoever reads them
FOLD_WITHIN = 5.0
FOLD_AFTER = 20  # lines of one kind within that time
# Records, and None at the end.
Lines = queue.SimpleQueue["logging.LogRecord | None"]
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "off": logging.CRITICAL + 1,
}


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class TextFormatter(logging.Formatter):
    """What is logged may come from a client: only a line of the log itself begins in the first
    column, and nothing moves a terminal's cursor."""

    converter = time.gmtime
    default_msec_format = "%s.%03d"

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(level)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.level = record.levelname.lower()
        return _CONTROL.sub("?", super().format(record)).replace("\n", "\n    ")


class JsonFormatter(TextFormatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        line = {
            "time": self.formatTime(record).replace(" ", "T") + "Z",
            "level": record.levelname.lower(),
            "program": "holdfast-worker",
            "message": message,
        }
        return json.dumps(line)


class Fold(logging.Filter):
    """Lets FOLD_AFTER lines of one place in the code pass in FOLD_WITHIN, and says how many more
    there were with the next that passes."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, int], list[float]] = {}  # begin, passed, folded

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind = self._kinds.setdefault((record.pathname, record.lineno), [record.created, 0, 0])
        if record.created - kind[0] >= FOLD_WITHIN:
            if kind[2]:
                record.msg = f"{record.getMessage()} (and {kind[2]:.0f} more like it)"
                record.args = None
            kind[:] = [record.created, 0, 0]
        kind[1] += 1
        if kind[1] <= FOLD_AFTER:
            return True
        kind[2] += 1
        return False


class BoundedQueueHandler(logging.handlers.QueueHandler):
    """Never blocks: not even in a signal's handler that interrupts a line of its own thread, as a
    SimpleQueue may be entered anew."""

    queue: Lines

    def __init__(self, lines: Lines, most: int = QUEUED_LINES) -> None:
        super().__init__(lines)
        self._most = most
        self._lost = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # it stays in this process, traceback and all

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.queue.qsize() >= self._most:
            self._lost += 1
            return
        if self._lost:
            record.msg = f"{record.getMessage()} ({self._lost} lines before it were lost)"
            record.args = None
            self._lost = 0
        self.queue.put(record)


class LineWriter:
    """Writes what is queued, on a thread of its own, straight to the descriptor: a stream's lock,
    held by a write that nobody reads, would keep the interpreter from ending."""

    def __init__(self, lines: Lines, formatter: logging.Formatter, fd: int) -> None:
        self._lines = lines
        self._formatter = formatter
        self._fd = fd
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def stop(self, patience: float = LAST_LINES_WITHIN) -> None:
        """Waits until what is queued has been written, `patience` seconds at most."""
        self._lines.put(None)
        self._thread.join(patience)

    def _work(self) -> None:
        while (record := self._lines.get()) is not None:
            try:
                self._write(self._formatter.format(record))
            except Exception as error:  # the arguments of a service's line do not fit, say
                self._write(f"a line of {record.pathname}:{record.lineno} is lost: {error!r}")

    def _write(self, line: str) -> None:
        left = memoryview(f"{line}\n".encode(errors="backslashreplace"))
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            pass  # nobody reads it any more


def start_logging(level: str, form: str) -> LineWriter:
    """For the whole process: a service's own loggers write here too. Stop the writer at the end."""
    lines: Lines = queue.SimpleQueue()
    handler = BoundedQueueHandler(lines)
    handler.addFilter(Fold())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    # None when the process was started without standard error.
    fd = -1 if sys.stderr is None else sys.stderr.fileno()
    return LineWriter(lines, JsonFormatter() if form == "json" else TextFormatter(), fd)
