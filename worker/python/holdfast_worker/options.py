"""The command line over the environment, with holdfast-worker's names."""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import re
from typing import Callable, Sequence

from .address import Address, parse_address
from .curve_keys import CurveKeys
from .log import LEVELS
from .rules.worker import WorkerOptions
from .version import VERSION

PREFIX = "HOLDFAST_WORKER_"
CAPACITY_PER_THREAD = 64
MAX_NUMBER = (1 << 63) - 1
_SIZES = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_YEAR = 365 * 24 * 3600.0

EPILOG = """Every option is also read from the environment: --drain-timeout is
HOLDFAST_WORKER_DRAIN_TIMEOUT, MODULE is HOLDFAST_WORKER_MODULE.
Exit codes: 0 drained, 1 cannot start, 2 wrong usage, 3 drain timed out, 130 or 143 ended at once by
a second SIGINT or SIGTERM."""


@dataclasses.dataclass(frozen=True)
class Options:
    module: str
    plugin_config: str
    gateways: tuple[Address, ...]
    threads: int
    processes: int
    rules: WorkerOptions
    curve: CurveKeys | None  # none: the leg is plain
    health_file: str
    health: bool  # only look at the health file
    log_level: str
    log_format: str


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,19})([A-Za-z]*)", text)
    if not match or match[2] not in _SIZES:
        raise ValueError(f"'{text}' is not a size such as 64MiB")
    size = int(match[1]) * _SIZES[match[2]]
    if not 0 < size <= MAX_NUMBER:
        raise ValueError(f"'{text}' is not a size such as 64MiB")
    return size


def parse_duration(text: str) -> float:
    """Seconds. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,12})(ms|s|m)", text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _YEAR:
        raise ValueError(f"'{text}' is not a duration such as 30s, a year at most")
    return seconds


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"'{text}' is not a number from {least} to {most}")
        return int(text)

    return parse


def _checked(parse: Callable[[str], object]) -> Callable[[str], object]:
    """With its own words in argparse's message."""

    def check(text: str) -> object:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return check


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="holdfast_worker",
        description="Serves the functions of a Python module to the gateways that it connects to.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    def add(name: str, parse: Callable[[str], object], default: str, help_: str, meta: str) -> None:
        parser.add_argument(
            f"--{name}",
            type=_checked(parse),
            default=os.environ.get(PREFIX + name.upper().replace("-", "_")) or default or None,
            metavar=meta,
            help=f"{help_} [{default}]" if default else help_,
        )

    parser.add_argument(
        "module",
        nargs="?",
        metavar="MODULE",
        default=os.environ.get(PREFIX + "MODULE", ""),
        help="module to import, or a .py file; its functions with @service are served",
    )
    parser.add_argument(
        "--gateway",
        action="append",
        type=_checked(parse_address),
        metavar="tcp://HOST:PORT",
        help="gateway to serve; may be repeated. All addresses of a name are used",
    )
    add("threads", _number(1, 1024), "4", "threads that call plain functions", "N")
    add("processes", _number(1, 256), "1", "processes, each with so many threads", "N")
    add("plugin-config", str, "", "text for the module, or @FILE to take it from a file", "TEXT")
    add(
        "capacity",
        _number(1, 1_000_000),
        "",
        f"requests held at once by a process [{CAPACITY_PER_THREAD} for each thread]",
        "N",
    )
    add("capacity-bytes", parse_size, "64MiB", "bytes of requests held at once", "SIZE")
    add(
        "stuck-after",
        parse_duration,
        "300ms",
        "hand requests back that wait so long while no thread is free",
        "DURATION",
    )
    add("curve-key", str, "", "this worker's secret certificate: encrypts the leg", "FILE")
    add("curve-gateway-key", str, "", "the gateways' public certificate", "FILE")
    add("drain-timeout", parse_duration, "30s", "how long an ending worker may finish", "DURATION")
    add("health-file", str, "", "touched every second while a gateway welcomes this worker", "FILE")
    parser.add_argument(
        "--health",
        action="store_true",
        default=os.environ.get(PREFIX + "HEALTH", "") in ("1", "true"),
        help="only check the health file: exit 0 when it is fresh (5 s), else 1",
    )
    add("log-level", _choice(*LEVELS), "info", "least important lines to log", "LEVEL")
    add("log-format", _choice("text", "json"), "text", "for people or for machines", "FORMAT")
    parser.add_argument("--version", action="version", version=f"holdfast_worker {VERSION}")
    return parser


def _choice(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"'{text}' is not one of {', '.join(values)}")
        return text

    return parse


def parse_options(arguments: Sequence[str]) -> Options:
    """Ends the process with 2 and a message for wrong usage, with 0 after --help and --version."""
    parser = _parser()
    raw = parser.parse_args(arguments)
    gateways = raw.gateway
    try:
        if gateways is None:
            named = os.environ.get(PREFIX + "GATEWAY", "")
            gateways = [parse_address(text) for text in named.split(",") if text]
        config = raw.plugin_config or ""
        if config.startswith("@"):
            config = pathlib.Path(config[1:]).read_text(encoding="utf-8")
        curve = None
        if bool(raw.curve_key) != bool(raw.curve_gateway_key):
            raise ValueError("--curve-key and --curve-gateway-key go together")
        if raw.curve_key:
            curve = CurveKeys.read(raw.curve_gateway_key, raw.curve_key)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if raw.health and not raw.health_file:
        parser.error("--health needs --health-file")
    if not raw.health and not raw.module:
        parser.error("MODULE is required")
    if not raw.health and not gateways:
        parser.error("--gateway is required")
    return Options(
        module=raw.module,
        plugin_config=config,
        gateways=tuple(gateways),
        threads=raw.threads,
        processes=raw.processes,
        rules=WorkerOptions(
            capacity_requests=raw.capacity or CAPACITY_PER_THREAD * raw.threads,
            capacity_bytes=raw.capacity_bytes,
            stuck_after=raw.stuck_after,
            drain_timeout=raw.drain_timeout,
        ),
        curve=curve,
        health_file=raw.health_file or "",
        health=raw.health,
        log_level=raw.log_level,
        log_format=raw.log_format,
    )
