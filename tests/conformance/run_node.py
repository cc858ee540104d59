#!/usr/bin/python3
"""Runs the suite on the Node worker: run_node.py FOLDER. What npm installs goes into FOLDER.

Exits 77, which ctest counts as skipped, where node, npm or npm's registry is not there;
HOLDFAST_REQUIRE_NODE=1 turns that into a failure.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT / "tests/conformance"
COPIED = ("worker.mjs", "package.json", "package-lock.json", ".npmrc")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("HOLDFAST_REQUIRE_NODE") == "1" else 77)


def install(folder):
    """The worker with its dependencies, as the lock file has them. Returns the program."""
    worker = folder / "worker/node"
    worker.mkdir(parents=True, exist_ok=True)
    (folder / "proto").mkdir(exist_ok=True)
    shutil.copy(ROOT / "proto/envelope.proto", folder / "proto")
    lock, installed = ROOT / "worker/node/package-lock.json", worker / "node_modules/installed-lock"
    for name in COPIED:
        shutil.copy(ROOT / "worker/node" / name, worker)
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        try:
            npm = subprocess.run(
                command, cwd=worker, capture_output=True, text=True, check=False, timeout=90
            )
        except subprocess.TimeoutExpired:
            skip("npm ci takes longer than 90 s")
        if npm.returncode != 0:
            skip(f"npm ci failed, so its registry may be out of reach:\n{npm.stderr[-1000:]}")
        shutil.copy(lock, installed)
    return worker / "worker.mjs"


def main():
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed (Debian: nodejs, npm)")
    program = install(pathlib.Path(sys.argv[1]).resolve())
    command = ["node", program, SUITE / "services/conformance.mjs", "--gateway", "{gateway}"]
    return subprocess.run([sys.executable, SUITE / "run", "--", *command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
