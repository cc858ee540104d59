#!/usr/bin/env python3
"""Checks the #include lines of every source against the table of who may include what.

Usage: include_rules.py [ROOT]. Prints each breach as file:line and exits 1 if there is any. Files
of more than 300 lines are named as warnings: it is time to ask which noun is hiding in them.
"""

import pathlib
import re
import sys
from typing import NamedTuple, Tuple

MAX_LINES = 300

# What lies outside the project, by the path in the #include.
STD = r"[a-z_0-9]+|(assert|stddef|stdint|stdbool)\.h"
OS = (r"(sys|netinet|arpa|linux|net)/.+|"
      r"(cxxabi|dirent|dlfcn|elf|errno|execinfo|fcntl|getopt|grp|ifaddrs|limits|link|malloc|netdb|"
      r"poll|pthread|pwd|sched|signal|spawn|stdio|stdlib|string|time|unistd)\.h")
BEAST = r"boost/(beast|asio|system|intrusive|container)([./].*)?"
OPENSSL = r"openssl/.+"
ZMQ = r"zmq(_addon)?\.hp?p?"
PROTOBUF = r"google/protobuf/.+"
HTTPLIB = r"httplib\.h"
PROMETHEUS = r"prometheus/.+"
JSON = r"nlohmann/.+"
YAML = r"yaml-cpp/.+"
SIMDJSON = r"simdjson\.h"
CLI = r"CLI/.+"
SPDLOG = r"spdlog/.+"
SQLITE = r"sqlite3\.h"
ANY = r".+"

# What the rules of the product must not touch although it is in the standard library: the core has
# no threads, no sleeping and no files of its own.
NOT_IN_CORE = r"thread|future|stop_token|semaphore|barrier|latch|iostream|fstream|filesystem|regex"


class Rule(NamedTuple):
    folder: str
    project: Tuple[str, ...]  # prefixes inside the project
    outside: Tuple[str, ...]  # patterns of everything else
    never: str = ""


# The longest folder that matches a file decides. A folder may always include itself.
RULES = (
    Rule("proto", (), (STD,)),
    Rule("gateway/core", (), (STD,), NOT_IN_CORE),
    # It reads and adds the JSON members that a route names.
    Rule("gateway/http", ("gateway/core/",), (STD, OS, BEAST, OPENSSL, JSON)),
    Rule("gateway/bus", ("gateway/core/", "proto/"), (STD, OS, ZMQ, PROTOBUF)),
    Rule("gateway/ops", ("gateway/core/",), (STD, OS, HTTPLIB, PROMETHEUS, JSON)),
    Rule("gateway/config", ("gateway/core/",), (STD, OS, YAML)),
    Rule("gateway/log", ("gateway/core/",), (STD, OS, SPDLOG)),
    # The application is the only wiring, so it sees every part.
    Rule("gateway", ("gateway/",), (STD, OS, CLI, SPDLOG, ZMQ, BEAST, HTTPLIB, JSON)),
    Rule("worker/core", (), (STD,), NOT_IN_CORE),
    # For plugin authors: loading as the worker does, and what testing.hpp and json.hpp offer on top.
    Rule("worker/sdk", ("holdfast/worker/",), (STD, r"(dlfcn|elf)\.h", r"gtest/gtest\.h", JSON)),
    # It knows nothing of plugins, gateways or the wire.
    Rule("worker/supervisor", (), (STD, OS, SPDLOG)),
    # main.cpp and the options join it with its supervisor.
    Rule("worker/runtime", ("worker/core/", "worker/sdk/", "worker/supervisor/",
                            "holdfast/worker/", "proto/"),
         (STD, OS, ZMQ, PROTOBUF, CLI, JSON, SPDLOG)),
    # A plugin is what a stranger could have written: the SDK, and whatever libraries it likes.
    Rule("worker/plugins", ("worker/sdk/", "holdfast/worker/"), (STD, OS, JSON, SQLITE, OPENSSL)),
    Rule("worker", ("worker/", "holdfast/worker/"), (STD, OS, CLI, SPDLOG, JSON)),
    # What a new plugin begins with: it sees an installed SDK, and files of its own project.
    Rule("ctl/scaffold/cpp", ("holdfast/worker/",), (STD, r"src/.+", r"gtest/.+")),
    Rule("ctl", ("proto/",), (STD, OS, HTTPLIB, JSON, CLI, ZMQ)),
    # The load tester speaks to the product over HTTP only, so it includes nothing of it.
    Rule("load/result", (), (STD, OS, JSON)),
    Rule("load/trouble", ("load/result/",), (STD, OS, HTTPLIB)),
    Rule("load/truth", ("load/result/",), (STD, OS, JSON, SQLITE)),
    Rule("load/flow", ("load/result/", "load/trouble/"), (STD, OS, YAML, JSON, SIMDJSON)),
    Rule("load/engine", ("load/flow/", "load/result/", "load/truth/"), (STD, OS, BEAST, OPENSSL)),
    Rule("load/report", ("load/flow/", "load/result/"), (STD, OS, JSON)),
    Rule("load", ("load/",), (STD, OS, HTTPLIB, JSON, CLI)),
    Rule("tests", ("gateway/", "worker/", "holdfast/worker/", "proto/", "ctl/", "load/"), (ANY,)),
)
PROJECT_FOLDERS = ("gateway/", "worker/", "holdfast/", "proto/", "ctl/", "load/", "tests/")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def rule_for(path):
    matching = [rule for rule in RULES if path.startswith(rule.folder + "/")]
    return max(matching, key=lambda rule: len(rule.folder), default=None)


def breach(rule, path, included):
    """Why `path` may not include `included`, or None."""
    if included.startswith(PROJECT_FOLDERS):
        plugin = re.match(r"worker/plugins/[^/]+/", path)
        own = plugin.group() if plugin else rule.folder + "/"
        if included.startswith((own,) + rule.project):
            return None
        allowed = ", ".join((own,) + rule.project)
        return f"{rule.folder} may not include {included} (of the project: {allowed})"
    if rule.never and re.fullmatch(rule.never, included):
        return f"{rule.folder} has no threads and no files of its own: not <{included}>"
    if any(re.fullmatch(pattern, included) for pattern in rule.outside):
        return None
    return f"{rule.folder} may not include <{included}>"


def check_file(root, file):
    path = file.relative_to(root).as_posix()
    rule = rule_for(path)
    breaches = []
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        included = match.group(1)
        # A header beside the including file, named without its folder, belongs to the same folder.
        if "/" not in included and (file.parent / included).exists():
            continue
        why = breach(rule, path, included) if rule else f"{path} is in no folder of the rules"
        if why:
            breaches.append(f"{path}:{number}: {why}")
    too_long = len(lines) > MAX_LINES
    return breaches, f"{path}: {len(lines)} lines, more than {MAX_LINES}" if too_long else None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    if len(sys.argv) < 2:
        root = root.parents[2]
    breaches, warnings, count = [], [], 0
    for folder in sorted({rule.folder.split("/")[0] for rule in RULES}):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in (".h", ".hpp", ".cpp") or not file.is_file():
                continue
            found, warning = check_file(root, file)
            breaches += found
            warnings += [warning] if warning else []
            count += 1
    for warning in warnings:
        print(f"warning: {warning}")
    for text in breaches:
        print(text)
    print(f"{count} files, {len(breaches)} breaches of the include rules")
    return 1 if breaches or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
