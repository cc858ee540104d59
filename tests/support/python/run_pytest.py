#!/usr/bin/python3
"""Runs pytest on a folder, or says why it cannot and exits 77, which ctest counts as skipped."""

import importlib.util
import sys

PACKAGES = {"zmq": "python3-zmq", "google.protobuf": "python3-protobuf", "pytest": "python3-pytest"}


def is_missing(module):
    try:
        return importlib.util.find_spec(module) is None
    except ImportError:
        return True


def main():
    missing = [package for module, package in PACKAGES.items() if is_missing(module)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        return 77
    import pytest

    return pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
