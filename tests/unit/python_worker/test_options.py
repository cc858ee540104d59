import logging
import queue

import pytest
from holdfast_worker.address import Address, parse_address
from holdfast_worker.log import FOLD_AFTER, FOLD_WITHIN, BoundedQueueHandler, Fold, JsonFormatter
from holdfast_worker.options import parse_options
from holdfast_worker.supervisor import QUARANTINE, STEADY_AFTER, Restarts

GATEWAY = ["--gateway", "tcp://127.0.0.1:5570"]


def test_the_defaults_are_those_of_holdfast_worker():
    options = parse_options(["quotes", *GATEWAY])
    assert (options.module, options.threads, options.processes) == ("quotes", 4, 1)
    assert options.gateways == (Address("127.0.0.1", 5570, True),)
    assert (options.rules.capacity_requests, options.rules.capacity_bytes) == (256, 64 << 20)
    assert (options.rules.stuck_after, options.rules.drain_timeout) == (0.3, 30.0)


def test_options_come_from_the_environment_too(monkeypatch):
    for name, value in {
        "MODULE": "m",
        "GATEWAY": "tcp://a:1,tcp://[::1]:2",
        "THREADS": "2",
        "CAPACITY": "7",
        "DRAIN_TIMEOUT": "300ms",
        "CAPACITY_BYTES": "1KiB",
        "LOG_FORMAT": "json",
    }.items():
        monkeypatch.setenv(f"HOLDFAST_WORKER_{name}", value)
    options = parse_options(["--threads", "3"])
    assert (options.module, options.threads, options.log_format) == ("m", 3, "json")
    assert options.gateways == (Address("a", 1, False), Address("::1", 2, True))
    assert (options.rules.capacity_requests, options.rules.capacity_bytes) == (7, 1024)
    assert options.rules.drain_timeout == pytest.approx(0.3)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["m"],
        ["m", "--gateway", "127.0.0.1:5570"],
        ["m", "--gateway", "tcp://a:0"],
        ["m", *GATEWAY, "--threads", "0"],
        ["m", *GATEWAY, "--threads", "1025"],
        ["m", *GATEWAY, "--drain-timeout", "30"],
        ["m", *GATEWAY, "--drain-timeout", "0s"],
        ["m", *GATEWAY, "--drain-timeout", "525601m"],
        ["m", *GATEWAY, "--capacity-bytes", "64MB"],
        ["m", *GATEWAY, "--plugin-config", "@/no/such/file"],
        ["m", *GATEWAY, "--log-level", "loud"],
        ["m", *GATEWAY, "--thread", "1"],
        ["--health"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        parse_options(arguments)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "tcp://", "tcp://a", "tcp://a:x", "tcp://a:99999", "tcp://::1:5", "tcp://[a]:1"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError):
        parse_address(text)


def test_an_address_has_an_endpoint():
    assert parse_address("tcp://[::1]:5").endpoint == "tcp://[::1]:5"
    assert parse_address("tcp://10.0.0.1:5").endpoint == "tcp://10.0.0.1:5"


def line(text, at=0.0, level=logging.ERROR):
    record = logging.LogRecord("x", level, "file.py", 7, text, None, None)
    record.created = at
    return record


def test_repeated_errors_are_folded_and_counted():
    fold = Fold()
    passed = [fold.filter(line("again")) for _ in range(FOLD_AFTER + 5)]
    assert passed == [True] * FOLD_AFTER + [False] * 5
    later = line("again", FOLD_WITHIN)
    assert fold.filter(later)
    assert later.getMessage() == "again (and 5 more like it)"


def test_lines_that_nobody_takes_are_lost_and_counted():
    lines = queue.SimpleQueue()
    handler = BoundedQueueHandler(lines, most=1)
    for text in ("one", "two", "three"):
        handler.emit(line(text))
    assert lines.get().getMessage() == "one"
    handler.emit(line("four"))
    assert lines.get().getMessage() == "four (2 lines before it were lost)"


def test_a_json_line_is_one_line():
    text = JsonFormatter().format(line('a "b"\n'))
    assert "\n" not in text and '"level": "error"' in text


def test_a_process_that_ends_at_once_waits_longer_each_time_and_then_in_quarantine():
    restarts = Restarts()
    assert [restarts.delay(1.0) for _ in range(7)] == [0.1, 0.2, 0.4, 0.8, 1.6, *[QUARANTINE] * 2]
    assert restarts.delay(STEADY_AFTER) == 0.1
