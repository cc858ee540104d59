import logging
import os
import queue
import subprocess
import sys
import threading

from holdfast_worker import service
from holdfast_worker.log import JsonFormatter, LineWriter, TextFormatter
from holdfast_worker.services import registered
from holdfast_worker.testing import invoke

PATIENCE = 40
FORGED = "2026-01-01 00:00:00.000Z error request 1 was paid\r\x1b[2K"


class Written:
    """A pipe that a LineWriter fills."""

    def __init__(self, formatter):
        self.lines = queue.SimpleQueue()
        self._read_fd, self._write_fd = os.pipe()
        self.writer = LineWriter(self.lines, formatter, self._write_fd)

    def fill(self):
        os.set_blocking(self._write_fd, False)
        try:
            while True:
                os.write(self._write_fd, bytes(4096))
        except BlockingIOError:
            os.set_blocking(self._write_fd, True)

    def end(self):
        """What was written."""
        os.close(self._write_fd)
        with os.fdopen(self._read_fd, "rb") as pipe:
            return pipe.read().decode()


def line(text, *arguments, exc_info=None):
    return logging.LogRecord("x", logging.ERROR, "file.py", 7, text, arguments, exc_info)


def test_what_is_queued_is_written_before_it_stops():
    written = Written(TextFormatter())
    for number in range(100):
        written.lines.put(line("line %d", number))
    written.writer.stop(PATIENCE)
    assert [text.split()[-1] for text in written.end().splitlines()] == [*map(str, range(100))]


def test_a_line_that_cannot_be_made_does_not_end_the_writer():
    written = Written(JsonFormatter())
    written.lines.put(line("%d", "no number"))
    written.lines.put(line("a surrogate: %s", "\ud800"))
    written.writer.stop(PATIENCE)
    broken, whole = written.end().splitlines()
    assert "file.py:7 is lost" in broken and "a surrogate" in whole


def test_a_reader_that_stalls_is_not_waited_for():
    written = Written(TextFormatter())
    written.fill()
    for _ in range(10_000):
        written.lines.put(line("nobody reads this"))
    stopped = threading.Thread(target=written.writer.stop, args=(0.05,))
    stopped.start()
    stopped.join(PATIENCE)
    assert not stopped.is_alive()


MODULE = """
import logging, os, signal, threading, time
import holdfast_worker

holdfast_worker.service("s")(lambda request: "")
for _ in range(10_000):
    logging.getLogger("mine").info("%s", "x" * 100)

def end():
    while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end, daemon=True).start()
"""


def test_a_worker_whose_log_nobody_reads_ends_with_zero(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(MODULE)
    command = [sys.executable, "-m", "holdfast_worker", module, "--gateway", "tcp://127.0.0.1:1"]
    read_fd, write_fd = os.pipe()
    worker = subprocess.Popen(command, stderr=write_fd)
    try:
        assert worker.wait(PATIENCE) == 0
    finally:
        worker.kill()
        worker.wait()
        os.close(read_fd)
        os.close(write_fd)


def test_a_text_of_a_client_begins_no_line_of_the_log():
    written = Written(TextFormatter())
    try:
        raise ValueError(f"no such name: Eve\n{FORGED}")
    except ValueError as error:
        written.lines.put(line("failed: %s", error, exc_info=(type(error), error, None)))
    written.writer.stop(PATIENCE)
    text = written.end()
    first, *others = text.splitlines()
    assert "error failed: ValueError" not in first and "failed: no such name: Eve" in first
    assert others and all(other.startswith("    ") for other in others)
    assert "\x1b" not in text and "\r" not in text


def test_a_failure_that_quotes_the_client_is_one_line(caplog):
    registered.clear()

    @service("s")
    def failing(request):
        raise ValueError(request.body.decode())

    invoke("s", f"Eve\n{FORGED}")
    registered.clear()
    (record,) = caplog.records
    assert "Eve?2026-01-01" in record.getMessage()
    assert "\n" not in record.getMessage() and "\x1b" not in record.getMessage()
