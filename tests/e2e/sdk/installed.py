"""What the tests of the installed tree share: where it is, how to run things, a gateway with workers."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from free_port import free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
PREFIX = pathlib.Path(os.environ["HOLDFAST_TEST_PREFIX"])
BINARY_DIR = pathlib.Path(os.environ["HOLDFAST_TEST_BINARY_DIR"])
VERSION = os.environ["HOLDFAST_TEST_VERSION"]
DEV_SETTINGS = ("HOLDFAST_SKIP_PACKAGES", "HOLDFAST_JOBS")  # of ./dev, on systems other than Debian


def environment(prefix=PREFIX):
    """As a plugin's author has it: the tree in the search paths, and nothing of this build."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("HOLDFAST_", "CMAKE_", "PKG_CONFIG")) or name in DEV_SETTINGS}
    # Debian's own python3 first: it has the packages that the Python worker needs.
    return dict(kept, PATH=f"{prefix}/bin:/usr/bin:/bin:{os.environ['PATH']}",
                CMAKE_PREFIX_PATH=str(prefix), PKG_CONFIG_PATH=f"{prefix}/share/pkgconfig",
                PYTHONPATH=f"{prefix}/lib/python3/dist-packages", NO_PROXY="*", no_proxy="*",
                CMAKE_BUILD_TYPE="None")  # neither optimised nor with debug information: quick


def run(*command, cwd=None, env=None, timeout=120, expect=0):
    """Output of a command, errors included; fails unless it ends with `expect`."""
    result = subprocess.run([str(part) for part in command], cwd=cwd, env=env or environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=timeout, check=False)
    if result.returncode != expect:
        shown = " ".join(str(part) for part in command)
        raise AssertionError(f"{shown}\nended with {result.returncode}:\n{result.stdout}")
    return result.stdout


def ask(url, body=None):
    """Status and body of one exchange."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def eventually(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Stack:
    """A gateway and workers of the installed tree, on ports and in a folder of their own."""

    def __init__(self, config, prefix=PREFIX):
        self.folder = tempfile.TemporaryDirectory(prefix="holdfast-sdk-")
        self.prefix = prefix
        self.data, self.ops, self.bus = free_port(), free_port(), free_port()
        self.programs = []
        path = pathlib.Path(self.folder.name) / "gateway.yaml"
        path.write_text(config, encoding="utf-8")
        self._start("holdfast-gateway", "--config", path, HOLDFAST_LISTEN_PORT=str(self.data),
                    HOLDFAST_OPS_PORT=str(self.ops), HOLDFAST_BUS_PORT=str(self.bus))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.terminate()
        for program in self.programs:
            try:
                program.wait(30)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        self.folder.cleanup()

    def _start(self, program, *arguments, **more):
        with open(self.log, "a", encoding="utf-8") as log:
            self.programs.append(subprocess.Popen(
                [self.prefix / "bin" / program, *arguments], stdout=log, stderr=log,
                env=dict(environment(self.prefix), **more)))

    @property
    def log(self):
        return pathlib.Path(self.folder.name) / "log"

    def start_worker(self, plugin, *arguments):
        self._start("holdfast-worker", "--plugin", plugin, "--threads", "2",
                    "--gateway", f"tcp://127.0.0.1:{self.bus}", *arguments)

    def wait_ready(self):
        def ready():
            with contextlib.suppress(OSError):
                return ask(f"http://127.0.0.1:{self.ops}/readyz")[0] == 200
            return False
        try:
            eventually("the gateway is ready", ready)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.log.read_text(encoding='utf-8')}") from late

    def ask(self, path, body=None):
        return ask(f"http://127.0.0.1:{self.data}{path}", body)
