#!/usr/bin/env python3
"""Opens holdfast-load's HTML reports in headless Chromium and uses them as a reader does.

Usage: browser_test.py SAMPLES_PROGRAM FOLDER. Exits with 77, which ctest counts as skipped, and
says why where Chromium is not installed. Leaves its pictures in FOLDER.
"""

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser

FOLDER = pathlib.Path()
PROBE = pathlib.Path(__file__).with_name("page_probe.js")
VOID = {"meta", "br", "link", "input", "img", "hr"}
DARK, LIGHT = "--blink-settings=preferredColorScheme=0", "--blink-settings=preferredColorScheme=1"


def browser():
    return shutil.which("chromium")


def chromium(path, *arguments, width=1200, height=1600):
    """(standard output, lines of the page's console)"""
    with tempfile.TemporaryDirectory(prefix="holdfast-browser-") as profile:
        done = subprocess.run(
            [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--enable-logging=stderr", f"--user-data-dir={profile}",
             f"--window-size={width},{height}", "--virtual-time-budget=4000", *arguments,
             f"file://{path}"],
            capture_output=True, timeout=150, check=True)
    console = [line for line in done.stderr.decode(errors="replace").splitlines()
               if "CONSOLE" in line]
    return done.stdout.decode(), console


def root_data(document, name):
    found = re.search(rf'<html[^>]* data-{name}="([^"]*)"', document)
    return html.unescape(found.group(1)) if found else None


class Balance(HTMLParser):
    """Collects what is not closed, or closed out of turn, and what each element refers to."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.scripts, self.refers = [], [], 0, []

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.refers += [value for name, value in attrs if name in ("src", "href", "action")]
        if any(name.startswith("on") for name, _ in attrs):
            self.wrong.append(f"<{tag}> handles an event")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


class PageTest(unittest.TestCase):
    def test_every_page_is_well_formed_and_refers_to_nothing(self):
        for path in sorted(FOLDER.glob("*.html")):
            text = path.read_text(encoding="utf-8")
            page = Balance()
            page.feed(text)
            self.assertEqual(page.wrong + page.open, [], path.name)
            self.assertEqual((page.scripts, page.refers), (2, []), path.name)
            self.assertNotIn("@import", text)
            self.assertNotIn("url(", text)

    def test_every_page_draws_all_its_plots_without_a_word_on_the_console(self):
        for name, figures in (("rich", 11), ("closed", 7), ("search", 7), ("long", 11),
                              ("empty", 0)):
            document, console = chromium(FOLDER / f"{name}.html", "--dump-dom")
            self.assertEqual(console, [], name)
            self.assertEqual(root_data(document, "ready"), str(figures), name)
            self.assertEqual(len(re.findall(r"<figure", document)), figures, name)

    def probe(self, *arguments, width=1200):
        """What page_probe.js saw on a copy of the rich page."""
        text = (FOLDER / "rich.html").read_text(encoding="utf-8")
        # The page lets no script run but its own, and this one is not.
        text, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n', "", text)
        self.assertEqual(count, 1)
        copy = FOLDER / f"probed-{width}.htm"
        copy.write_text(f"{text}<script>{PROBE.read_text()}</script>", encoding="utf-8")
        document, console = chromium(copy, "--dump-dom", *arguments, width=width)
        self.assertEqual(console, [])
        seen = root_data(document, "seen")
        self.assertIsNotNone(seen, "the probe did not come to its end")
        return json.loads(seen)

    def test_pointer_keys_and_switches_tell_what_was_measured(self):
        seen = self.probe(LIGHT)
        self.assertTrue(seen["hover"]["shown"])
        for word in ("1:15", "p50", "p99.9", "stop worker-2"):
            self.assertIn(word, seen["hover"]["text"])
        self.assertEqual(seen["cursors"], 10)
        self.assertGreater(seen["readouts"], 20)
        self.assertEqual(seen["left"], {"shown": False, "cursors": 0})
        self.assertTrue(seen["keys"]["shown"])
        self.assertTrue(seen["keys"]["spoken"].startswith("0:01, "), seen["keys"]["spoken"])
        self.assertIn("p99 ", seen["keys"]["spoken"])
        self.assertRegex(seen["heat"], r" to ")
        self.assertIn("service time", seen["spectrum"])
        self.assertEqual(seen["lines"], [5, 4])
        self.assertTrue(seen["stepChanged"])

    def test_text_can_be_read_in_light_and_in_dark(self):
        pages = set()
        for scheme in (LIGHT, DARK):
            seen = self.probe(scheme)
            pages.add(seen["page"])
            for selector, contrast in seen["contrast"]:
                self.assertGreaterEqual(contrast, 4.5, f"{selector} {scheme}")
            self.assertGreater(len(seen["contrast"]), 14)
            themes = dict(seen["themes"])
            self.assertEqual(set(themes), {"light", "dark", "auto"})
            self.assertNotEqual(themes["light"], themes["dark"])
            self.assertEqual(themes["auto"], seen["page"])
        self.assertEqual(len(pages), 2)

    def test_a_narrow_window_shows_all_without_scrolling_sideways(self):
        self.assertLessEqual(self.probe(LIGHT, width=500)["wide"], 0)

    def test_pictures_are_drawn(self):
        for name, scheme in (("light", LIGHT), ("dark", DARK)):
            picture = FOLDER / f"rich-{name}.png"
            picture.unlink(missing_ok=True)
            _, console = chromium(FOLDER / "rich.html", f"--screenshot={picture}", scheme,
                                  height=4000)
            self.assertEqual(console, [])
            self.assertGreater(picture.stat().st_size, 100_000)


def main():
    global FOLDER
    program, folder = sys.argv[1:3]
    del sys.argv[1:3]
    if not browser():
        print("skipped: chromium is not installed (./dev packages --install browser)")
        return 77
    FOLDER = pathlib.Path(folder).resolve()
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run([program, str(FOLDER)], check=True, timeout=60)
    return 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
