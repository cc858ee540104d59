"""Lines on standard error, as holdfast-worker writes them.

A line never waits for whoever reads it: it is put into a bounded queue that a thread of its own
empties; when that is full, it is lost and counted. Repeated errors are folded.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import sys
import time

QUEUED_LINES = 8192
FOLD_WITHIN = 5.0
FOLD_AFTER = 20  # lines of one kind within that time
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "off": logging.CRITICAL + 1,
}


class TextFormatter(logging.Formatter):
    converter = time.gmtime
    default_msec_format = "%s.%03d"

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(level)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.level = record.levelname.lower()
        return super().format(record)


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
    """Never blocks."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__(lines)
        self._lost = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # it stays in this process, traceback and all

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._lost:
            record.msg = f"{record.getMessage()} ({self._lost} lines before it were lost)"
            record.args = None
        try:
            self.queue.put_nowait(record)
            self._lost = 0
        except queue.Full:
            self._lost += 1


def start_logging(level: str, form: str) -> logging.handlers.QueueListener:
    """For the whole process: a service's own loggers write here too. Stop the listener at the end:
    it writes what is queued."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(QUEUED_LINES)
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler = BoundedQueueHandler(lines)
    handler.addFilter(Fold())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    listener = logging.handlers.QueueListener(lines, stream)
    listener.start()
    return listener
