#!/usr/bin/env python3
"""hardening_test.py PROGRAM_OR_PLUGIN...: each was compiled and linked hardened.

Reads what readelf says of the file itself, not of the build: a flag that is lost on the way is noticed.
Exits with 77, which is a skip, where there is no readelf.
"""
import re
import shutil
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True,
                          text=True).stdout


def missing(path):
    """The promises that the file does not keep."""
    head, segments = readelf("-h", path), readelf("-l", path)
    dynamic, symbols = readelf("-d", path), readelf("--dyn-syms", path)
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+)+(\S+)", segments)
    promises = {
        "loaded anywhere (position-independent)": "DYN (" in head,
        "a stack that holds no code": stack is not None and "E" not in stack.group(1),
        "no segment that is both written and run": not re.search(r"LOAD\s.*\bRWE\b", segments),
        "relocations that are read-only after the start": "GNU_RELRO" in segments,
        "every symbol bound at the start": re.search(r"FLAGS.*\bNOW\b|BIND_NOW", dynamic) is not None,
        "canaries behind arrays on the stack": "__stack_chk_fail" in symbols,
        "checked lengths in the C library (fortify)": re.search(r"__\w+_chk@", symbols) is not None,
        "checked indices in the C++ library": "__glibcxx_assert_fail" in symbols,
    }
    if path.endswith(".so"):  # a small plugin may call nothing that has a checked form
        del promises["checked lengths in the C library (fortify)"]
    return [promise for promise, kept in promises.items() if not kept]


def main():
    if shutil.which("readelf") is None:
        print("skipped: there is no readelf")
        return 77
    broken = 0
    for path in sys.argv[1:]:
        for promise in missing(path):
            print(f"{path}: without {promise}")
            broken += 1
    print(f"{len(sys.argv) - 1} files, {broken} promises broken")
    return 1 if broken or len(sys.argv) == 1 else 0


sys.exit(main())
