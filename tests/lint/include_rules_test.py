#!/usr/bin/env python3
"""A rule that never fires protects nothing: each row is a file that must, or must not, pass."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("include_rules.py")

BREACHES = (
    ("gateway/core/a.h", '#include "gateway/http/session.h"'),
    ("gateway/core/a.h", "#include <boost/asio.hpp>"),
    ("gateway/core/a.h", "#include <sys/socket.h>"),
    ("gateway/core/a.h", "#include <thread>"),
    ("gateway/http/a.cpp", '#include "gateway/bus/codec.h"'),
    ("gateway/http/a.cpp", "#include <zmq.hpp>"),
    ("gateway/bus/a.cpp", '#include "gateway/http/session.h"'),
    ("gateway/bus/a.cpp", "#include <boost/beast.hpp>"),
    ("gateway/ops/a.cpp", '#include "gateway/bus/codec.h"'),
    ("gateway/app.cpp", '#include "worker/core/lease.h"'),
    ("gateway/app.cpp", '#include "tests/support/clock.h"'),
    ("worker/core/a.h", '#include "gateway/core/clock.h"'),
    ("worker/core/a.h", "#include <zmq.hpp>"),
    ("worker/sdk/include/holdfast/worker/a.h", "#include <zmq.hpp>"),
    ("worker/runtime/a.cpp", '#include "gateway/core/clock.h"'),
    ("worker/plugins/orders/a.cpp", '#include "worker/plugins/echo/echo.h"'),
    ("worker/plugins/orders/a.cpp", '#include "worker/runtime/host.h"'),
    ("ctl/main.cpp", '#include "gateway/core/outcome.h"'),
)
ALLOWED = (
    ("gateway/core/a.h", '#include "gateway/core/outcome.h"\n#include <vector>'),
    ("gateway/http/a.cpp", '#include <boost/beast/http.hpp>\n#include "gateway/core/outcome.h"'),
    ("gateway/bus/a.cpp", '#include "proto/envelope.pb.h"\n#include <zmq.hpp>'),
    ("gateway/app.cpp", '#include "gateway/bus/bus.h"\n#include "gateway/http/server.h"'),
    ("worker/plugins/orders/a.cpp", '#include "holdfast/worker/plugin.hpp"\n#include <sqlite3.h>'),
    ("tests/unit/a.cpp", '#include "gateway/core/outcome.h"\n#include <gtest/gtest.h>'),
    ("gateway/core/a.cpp", '// #include "gateway/http/session.h"'),
)


def run_on(path, text):
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True)
        file.write_text(text + "\n", encoding="utf-8")
        return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True,
                              check=False)


class IncludeRules(unittest.TestCase):
    def test_breaches_are_found(self):
        for path, text in BREACHES:
            with self.subTest(path=path, text=text):
                result = run_on(path, text)
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertIn(f"{path}:1:", result.stdout)

    def test_allowed_includes_pass(self):
        for path, text in ALLOWED:
            with self.subTest(path=path, text=text):
                result = run_on(path, text)
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_long_files_are_warnings(self):
        result = run_on("gateway/core/a.h", "\n" * 301)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("warning: gateway/core/a.h: 302 lines", result.stdout)

    def test_an_empty_tree_is_a_mistake(self):
        self.assertEqual(run_on("elsewhere/a.h", "").returncode, 1)


if __name__ == "__main__":
    unittest.main()
