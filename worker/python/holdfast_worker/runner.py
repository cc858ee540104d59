"""One worker process: imports the module, serves, drains."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
import os
import pathlib
import signal
import sys
import threading
from types import FrameType

from .log import LineWriter, start_logging
from .loop import Loop
from .options import Options
from .rules.worker import DrainState
from .services import Service, registered

log = logging.getLogger("holdfast_worker")

DRAINED, FAILED, DRAIN_TIMED_OUT = 0, 1, 3
# Handlers that compute give the interpreter's lock up this often: the loop waits for it. Python's
# own 5 ms would be several turns of the loop.
SWITCH_INTERVAL = 0.001


def load(module: str) -> dict[str, Service]:
    """The services that the module registers. Raises whatever its import does, or ImportError."""
    if module.endswith(".py"):
        path = pathlib.Path(module).resolve()
        name = path.stem
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot load {module}")
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[name] = loaded
        spec.loader.exec_module(loaded)
    else:
        importlib.import_module(module)
    if not registered:
        raise ImportError(
            f"module {module} registers no service: is there a function with @service?"
        )
    return registered


def serve(options: Options, supervised: bool) -> int:
    """Until a signal has drained it. Returns the exit code, so that what is registered with atexit
    runs; ends the process itself when a handler does not return. Thread: the main one."""
    # libzmq draws the jitter of its reconnects from rand() and never seeds it.
    ctypes.CDLL(None).srand(int.from_bytes(os.urandom(4), "little"))
    sys.setswitchinterval(SWITCH_INTERVAL)
    lines = start_logging(options.log_level, options.log_format)
    code = _serve(options, supervised, lines)
    lines.stop()
    return code


def _serve(options: Options, supervised: bool, lines: LineWriter) -> int:
    os.environ["HOLDFAST_WORKER_PLUGIN_CONFIG"] = options.plugin_config
    try:
        services = load(options.module)
        loop = Loop(
            options.gateways,
            options.rules,
            services,
            options.threads,
            pathlib.Path(options.module).stem,
            options.health_file,
            options.curve,
        )
    except (Exception, SystemExit) as error:
        log.error("cannot start: %s: %s", type(error).__name__, error, exc_info=error)
        return FAILED
    _watch_signals(loop, supervised)
    drained = loop.run() is DrainState.DRAINED
    if drained:
        log.info("drained")
    else:
        log.error("the drain timed out: unfinished requests are cancelled")
    code = DRAINED if drained else DRAIN_TIMED_OUT
    if not loop.handlers_end(1.0):
        log.error("a handler does not return: ending without it")
        lines.stop()
        os._exit(code)
    return code


def _watch_signals(loop: Loop, supervised: bool) -> None:
    """The first drains, a second one ends the process at once. Under a supervisor further ones
    change nothing: it kills; and as it dies, the kernel tells its child of each of its threads."""

    def on_signal(number: int, _: FrameType | None) -> None:
        if _drain_begun.is_set():
            if supervised:
                return
            os._exit(128 + number)
        _drain_begun.set()
        log.info("draining" if supervised else "draining; a second signal ends at once")
        loop.request_drain()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


_drain_begun = threading.Event()
