#!/usr/bin/env python3
"""tests/sdk_consumer, as a stranger would build and run it: through CMake and through pkg-config."""

import pathlib
import shlex
import shutil
import tempfile
import unittest

from installed import PREFIX, ROOT, VERSION, Stack, environment, run

CONFIG = """
ready: {required_services: [greeter, plain]}
routes:
  - {path: "/v1/greet/{name}", methods: [GET], service: greeter}
  - {path: /v1/plain, methods: [POST], service: plain}
"""


class Consumer(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-consumer-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.project = self.folder / "project"
        shutil.copytree(ROOT / "tests/sdk_consumer", self.project)

    def check_answers(self, greeter, plain):
        with Stack(CONFIG) as stack:
            stack.start_worker(greeter, "--plugin-config", "good morning")
            stack.start_worker(plain)
            stack.wait_ready()
            self.assertEqual(stack.ask("/v1/greet/Ada"), (200, b"good morning Ada"))
            self.assertEqual(stack.ask("/v1/plain", b"as it came"), (200, b"as it came"))

    def check_exports_one_symbol(self, plugin):
        symbols = run("nm", "--dynamic", "--defined-only", plugin).split()[2::3]
        self.assertEqual(symbols, ["holdfast_plugin"])

    def test_finds_the_package_builds_and_answers(self):
        build = self.folder / "build"
        run("cmake", "-S", self.project, "-B", build, "-G", "Ninja")
        run("cmake", "--build", build)
        run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error")
        plugins = [build / f"plugins/libholdfast_{name}.so" for name in ("greeter", "plain")]
        for plugin in plugins:
            self.check_exports_one_symbol(plugin)
        self.check_answers(*plugins)

    def test_takes_the_flags_from_pkg_config_and_answers(self):
        def flags(*arguments):
            return shlex.split(run("pkg-config", *arguments, "holdfast-worker-sdk"))
        plugin_flags = [*flags("--variable=plugin_cflags"), *flags("--cflags")]
        link_flags = [*flags("--libs"), *flags("--variable=plugin_ldflags")]
        plugins = [self.folder / name for name in ("greeter.so", "plain.so")]
        for compiler, source, plugin in ((("c++", "-std=c++20"), "greeter.cpp", plugins[0]),
                                         (("cc", "-std=c99"), "plain.c", plugins[1])):
            run(*compiler, *plugin_flags, self.project / source, "-o", plugin, *link_flags)
            self.check_exports_one_symbol(plugin)
        self.check_answers(*plugins)

    def test_a_version_that_is_not_installed_is_refused_with_the_one_that_is(self):
        path = self.project / "CMakeLists.txt"
        text = path.read_text(encoding="utf-8").replace("holdfast 0.1", "holdfast 0.2")
        path.write_text(text, encoding="utf-8")
        output = run("cmake", "-S", self.project, "-B", self.folder / "build", expect=1)
        self.assertIn("compatible with requested version \"0.2\"", " ".join(output.split()))
        self.assertIn(f"version: {VERSION}", output)


class InstalledTree(unittest.TestCase):
    def test_names_no_folder_of_the_build(self):
        for path in filter(pathlib.Path.is_file, PREFIX.rglob("*")):
            content = path.read_bytes()
            # Debug information may; packages_test.py looks at what is packed.
            if not content.startswith(b"\x7fELF"):
                for folder in (ROOT, PREFIX.parent):
                    self.assertNotIn(str(folder).encode(), content, path)

    def test_has_programs_that_run(self):
        for program in ("holdfast-gateway", "holdfast-worker", "holdfastctl", "holdfast-load"):
            self.assertRegex(run(PREFIX / "bin" / program, "--version"), r"\d+\.\d+\.\d+")

    def test_has_plugins_that_load(self):
        config = "ready: {required_services: [echo, orders]}\n"
        with Stack(config) as stack:
            plugins = PREFIX / "lib/holdfast/plugins"
            stack.start_worker(plugins / "libholdfast_echo.so")
            stack.start_worker(plugins / "libholdfast_orders.so", "--plugin-config",
                               f'{{"database": "{stack.folder.name}/orders.db"}}')
            stack.wait_ready()

    def test_has_a_sample_configuration_that_is_good(self):
        run("holdfast-gateway", "--config", PREFIX / "etc/holdfast/gateway.yaml", "--check-config",
            env=environment())


if __name__ == "__main__":
    unittest.main(verbosity=2)
