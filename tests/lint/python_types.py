#!/usr/bin/python3
"""mypy on the package holdfast_worker: python_types.py STAGE CACHE. Exits 77, which ctest counts as
skipped, where mypy is not installed."""

import importlib.util
import pathlib
import subprocess
import sys

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "worker/python/mypy.ini"


def main():
    stage, cache = sys.argv[1:]
    if importlib.util.find_spec("mypy") is None:
        print("skipped: not installed: mypy")
        return 77
    command = [sys.executable, "-m", "mypy", "--config-file", CONFIG, "--cache-dir", cache]
    return subprocess.run([*command, "-p", "holdfast_worker"], cwd=stage, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
