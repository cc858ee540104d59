#!/usr/bin/env python3
"""The tutorial of docs/plugins.md, followed to the letter: every command, in a home of its own."""

import pathlib
import re
import shutil
import tempfile
import unittest

import document
from free_port import free_port
from installed import BINARY_DIR, ROOT, environment


def installing():
    """What to run for `./dev install`: the same, with the preset that is under test. A build folder
    that is no preset's is installed as it is."""
    if BINARY_DIR.parent == ROOT / "build":
        return rf"{ROOT}/dev install --preset {BINARY_DIR.name}"
    return rf"cmake --install {BINARY_DIR} --prefix"


def tutorial():
    """The page's tutorial; what follows it is reference, whose examples stand for themselves."""
    page = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    return re.search(r"^## From nothing .*?(?=^## )", page, re.M | re.S)[0]


class Tutorial(unittest.TestCase):
    def test_does_what_it_says(self):
        home = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-tutorial-"))
        self.addCleanup(shutil.rmtree, home)
        data, ops, bus = free_port(), free_port(), free_port()
        nothing_installed = environment(prefix=home / "nothing")
        document.run(
            tutorial(), home,
            dict(nothing_installed, HOME=str(home), HOLDFAST_LISTEN_PORT=str(data),
                 HOLDFAST_OPS_PORT=str(ops), HOLDFAST_BUS_PORT=str(bus),
                 HOLDFAST_OPS_URL=f"http://127.0.0.1:{ops}"),
            replace=((r"\b8080\b", str(data)), (r"\b5570\b", str(bus)),
                     (r"\./dev install", installing())))


if __name__ == "__main__":
    unittest.main(verbosity=2)
