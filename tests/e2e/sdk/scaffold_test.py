#!/usr/bin/env python3
"""What `holdfastctl new-plugin` writes: it does what its README says, on an installed tree."""

import pathlib
import re
import shutil
import tempfile
import unittest

import document
from free_port import free_port
from installed import PREFIX, ROOT, environment, run


class NewPlugin(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-scaffold-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, *arguments):
        run("holdfastctl", "new-plugin", "greeting", *arguments, cwd=self.folder)
        return self.folder / "greeting"

    def follow_readme(self, project):
        data, ops, bus = free_port(), free_port(), free_port()
        document.run((project / "README.md").read_text(encoding="utf-8"), project,
                     dict(environment(), HOLDFAST_LISTEN_PORT=str(data), HOLDFAST_OPS_PORT=str(ops),
                          HOLDFAST_BUS_PORT=str(bus)),
                     replace=((r"\b8080\b", str(data)), (r"\b5570\b", str(bus))))

    def check_override(self, project):
        """Its services, mounts and programs are those of docker-compose.yml and the images."""
        override = (project / "compose.override.yml").read_text(encoding="utf-8")
        compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
        dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
        for service in ("gateway", "worker"):
            self.assertRegex(override, rf"(?m)^  {service}:$")
            self.assertRegex(compose, rf"(?m)^  {service}:$")
        self.assertIn("/gateway.yaml:/etc/holdfast/gateway.yaml:ro", override)
        self.assertIn("HOLDFAST_CONFIG=/etc/holdfast/gateway.yaml", dockerfile)
        return override, compose

    def memory_fits_the_container(self, project):
        said = run("holdfast-gateway", "--config", project / "gateway.yaml", "--check-config",
                   env=environment())
        bound = int(re.search(r"bounded by about (\d+) MiB, with .* (\d+) MiB", said)[2])
        limit = int(re.search(r"mem_limit: (\d+)m",
                              (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[1])
        self.assertLess(bound, limit)

    def test_in_cpp_does_what_its_readme_says(self):
        project = self.make()
        self.follow_readme(project)
        self.memory_fits_the_container(project)
        override, compose = self.check_override(project)
        for option in re.findall(r"^      - (--gateway=.*|--health-file=.*)$", override, re.M):
            self.assertIn(option, compose)
        self.assertTrue((project / "build/plugins/libholdfast_greeting.so").exists())
        self.assertIn("--plugin=/plugins/libholdfast_greeting.so", override)

    def test_in_cpp_compiles_without_a_warning(self):
        project = self.make()
        run("cmake", "-S", project, "-B", project / "build", "-G", "Ninja",
            "-DCMAKE_CXX_FLAGS=-Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror",
            "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", project / "build")

    def test_in_cpp_is_formatted_as_its_clang_format_says(self):
        if shutil.which("clang-format") is None:
            self.skipTest("clang-format is not installed")
        project = self.make()
        run("clang-format", "--dry-run", "-Werror", *project.rglob("*.cpp"), *project.rglob("*.h"))

    def test_in_python_does_what_its_readme_says(self):
        project = self.make("--lang", "python")
        self.follow_readme(project)
        self.check_override(project)

    def test_refuses_with_one_line_and_writes_nothing(self):
        (self.folder / "there").mkdir()
        for arguments, words in ((("Greeting",), "is no name for a plugin"),
                                 (("there",), "there exists already"),
                                 (("fine", "--dir", "no/such"), "cannot make a folder in")):
            said = run("holdfastctl", "new-plugin", *arguments, cwd=self.folder, expect=2)
            self.assertIn(words, said)
            self.assertEqual(said.count("\n"), 1, said)
        run("holdfastctl", "new-plugin", "fine", "--lang", "cobol", cwd=self.folder, expect=2)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["there"])


class Document(unittest.TestCase):
    """The runner itself: a document that is wrong fails."""

    def run_document(self, text):
        with tempfile.TemporaryDirectory() as folder:
            document.run(text, folder, environment(PREFIX), timeout=20)

    def test_passes_when_commands_succeed_and_print_what_is_said(self):
        self.run_document("<!-- file: a -->\n```cpp\none 1\ntwo\n```\n\n```sh\ncat a\nsleep 60 &\n```\n"
                          "```text\none ...\n...\ntwo\n```\n```cpp\nignored\n```\n")

    def test_fails_when_a_command_fails(self):
        with self.assertRaisesRegex(document.Failed, "false\n\nthe shell ended with 1"):
            self.run_document("```sh\nfalse\n```\n```sh\ntrue\n```\n")

    def test_fails_when_something_else_is_printed(self):
        with self.assertRaisesRegex(document.Failed, "it does not print: two"):
            self.run_document("```sh\necho one\n```\n```text\none\ntwo\n```\n```sh\ntrue\n```\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
