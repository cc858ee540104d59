#!/usr/bin/env python3
"""The Debian packages: made by cpack, looked into, unpacked, and used as a prefix. Nothing is installed."""

import pathlib
import re
import shutil
import tempfile
import unittest

from installed import BINARY_DIR, ROOT, VERSION, Stack, environment, run

PACKAGES = ("holdfast-gateway", "holdfast-worker", "holdfast-tools", "holdfast-dev",
            "python3-holdfast-worker")


def field(control, name):
    found = re.search(rf"^{name}: (.*)$", control, re.M)
    return found.group(1) if found else ""


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-packages-"))
        run("cpack", "-B", cls.folder, cwd=BINARY_DIR)
        cls.files = {path.name.split("_")[0]: path for path in cls.folder.glob("*.deb")}
        cls.root = cls.folder / "root"
        for path in cls.files.values():
            run("dpkg-deb", "-x", path, cls.root)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def control(self, package):
        return run("dpkg-deb", "-f", self.files[package])

    def contents(self, package):
        listed = run("dpkg-deb", "-c", self.files[package]).splitlines()
        return {line.split()[5].removeprefix("."): line.split()[:2] for line in listed}

    def test_are_these(self):
        self.assertCountEqual(self.files, PACKAGES)

    def test_say_what_they_are(self):
        for package in PACKAGES:
            control = self.control(package)
            architecture = run("dpkg", "--print-architecture").strip()
            if package in ("holdfast-dev", "python3-holdfast-worker"):
                architecture = "all"
            self.assertEqual(field(control, "Version"), f"{VERSION}-1")
            self.assertEqual(field(control, "Architecture"), architecture)
            for name in ("Section", "Priority", "Maintainer"):
                self.assertTrue(field(control, name), f"{package} has no {name}")
            self.assertRegex(control, r"\nDescription: [A-Z]\S+ .{20,58}\n \S")

    def test_depend_on_what_their_programs_load(self):
        for package, library in (("holdfast-gateway", "libzmq5"), ("holdfast-gateway", "libyaml"),
                                 ("holdfast-worker", "libprotobuf-lite"),
                                 ("holdfast-worker", "libsqlite3"), ("holdfast-tools", "libc6"),
                                 ("python3-holdfast-worker", "python3-zmq")):
            self.assertIn(library, field(self.control(package), "Depends"))
        self.assertEqual(field(self.control("holdfast-dev"), "Depends"), "")

    def test_hold_the_right_files_with_the_right_modes(self):
        expected = {
            "holdfast-gateway": ["/usr/bin/holdfast-gateway", "/etc/holdfast/gateway.yaml",
                                 "/usr/lib/systemd/system/holdfast-gateway.service"],
            "holdfast-worker": ["/usr/bin/holdfast-worker",
                                "/usr/lib/holdfast/plugins/libholdfast_echo.so",
                                "/usr/lib/holdfast/plugins/libholdfast_orders.so",
                                "/usr/lib/systemd/system/holdfast-worker@.service"],
            "holdfast-tools": ["/usr/bin/holdfastctl", "/usr/bin/holdfast-load"],
            "holdfast-dev": ["/usr/include/holdfast/worker/plugin.h",
                             "/usr/share/cmake/holdfast/holdfastConfig.cmake",
                             "/usr/share/cmake/holdfast/plugin_symbols.map",
                             "/usr/share/pkgconfig/holdfast-worker-sdk.pc",
                             "/usr/share/holdfast/proto/envelope.proto"],
            "python3-holdfast-worker": [
                f"/usr/lib/python3/dist-packages/holdfast_worker/{name}.py"
                for name in ("__main__", "envelope_pb2", "version")],
        }
        for package, paths in expected.items():
            contents = self.contents(package)
            paths += [f"/usr/share/doc/{package}/{name}"
                      for name in ("copyright", "changelog.gz", "changelog.Debian.gz")]
            for path in paths:
                self.assertIn(path, contents)
            for path, (mode, owner) in contents.items():
                self.assertEqual(owner, "root/root", path)
                right = {"d": "drwxr-xr-x"}.get(
                    mode[0], "-rwxr-xr-x" if path.startswith("/usr/bin/") else "-rw-r--r--")
                self.assertEqual(mode, right, path)

    def test_keep_an_edited_configuration(self):
        self.assertEqual(run("dpkg-deb", "-I", self.files["holdfast-gateway"], "conffiles"),
                         "/etc/holdfast/gateway.yaml\n")

    def test_are_stripped_and_name_no_folder_of_the_build(self):
        for path in filter(pathlib.Path.is_file, self.root.rglob("*")):
            self.assertNotIn(str(ROOT).encode(), path.read_bytes(), path)
        for path in (*(self.root / "usr/bin").iterdir(), *self.root.rglob("*.so")):
            self.assertNotIn(".symtab", run("readelf", "-S", "-W", path))

    def test_are_a_prefix_when_unpacked(self):
        prefix = self.root / "usr"
        project = self.folder / "project"
        shutil.copytree(ROOT / "tests/sdk_consumer", project)
        output = run("pkg-config", "--cflags", "holdfast-worker-sdk", env=environment(prefix))
        self.assertIn(str(prefix), output)
        build = self.folder / "build"
        run("cmake", "-S", project, "-B", build, "-G", "Ninja", env=environment(prefix))
        run("cmake", "--build", build, "--target", "holdfast_plain", env=environment(prefix))
        config = ("ready: {required_services: [plain]}\n"
                  "routes: [{path: /v1/plain, methods: [POST], service: plain}]\n")
        with Stack(config, prefix) as stack:
            stack.start_worker(build / "plugins/libholdfast_plain.so")
            stack.wait_ready()
            self.assertEqual(stack.ask("/v1/plain", b"as it came"), (200, b"as it came"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
