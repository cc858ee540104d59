"""Runs what a Markdown document tells its reader to do, so that the two cannot drift.

All ```sh blocks are run in order, in one bash that stops at the first command that fails. A block
with `<!-- file: NAME -->` on the line before it is written to that file instead. A ```text block
right behind a ```sh one is what it prints: its lines are looked for in that order, `...` standing for
anything within a line or for lines in between, a space for any number of them. Other blocks are for
the reader only.
"""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import tempfile

FENCE = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>[\w-]*)\n(?P<text>.*?)^```$",
                   re.M | re.S)


@dataclasses.dataclass
class Block:
    language: str
    text: str
    file: str = ""
    prints: str = ""


def blocks(markdown):
    found = []
    end = 0
    for match in FENCE.finditer(markdown):
        between = markdown[end:match.start()].strip()
        end = match.end()
        if match["language"] == "text" and found and found[-1].language == "sh" and not between:
            found[-1].prints = match["text"]
        else:
            found.append(Block(match["language"], match["text"], match["file"] or ""))
    return [block for block in found if block.file or block.language == "sh"]


def missing_line(expected, output):
    """The first line of `expected` that `output` lacks where it should be, or None."""
    position = 0
    for line in filter(None, map(str.strip, expected.splitlines())):
        if line == "...":
            continue
        pattern = ".*".join(r"[ \t]+".join(map(re.escape, part.split()))
                            for part in line.split("..."))
        found = re.compile(rf"^\s*{pattern}\s*$", re.M).search(output, position)
        if not found:
            return line
        position = found.end()
    return None


class Failed(AssertionError):
    """A command of the document failed, or did not print what the document says."""


def run(markdown, folder, environment, replace=(), timeout=500):
    """Runs the document in `folder`; `replace`: pairs of a pattern in commands and what to run
    instead, for ports and the like. What still runs at its end is ended. Raises Failed."""
    steps = blocks(markdown)
    script = ["set -euo pipefail"]
    for number, block in enumerate(steps):
        text = block.text
        for pattern, instead in replace:
            text = re.sub(pattern, instead, text)
        script.append(f"echo; echo '@@ {number}'")
        script.append(f"cat >'{block.file}' <<'@@@@'\n{text}@@@@" if block.file else text)
    script.append("echo; echo '@@ end'")
    with tempfile.TemporaryDirectory(prefix="holdfast-document-") as own:
        commands, log = pathlib.Path(own) / "commands", pathlib.Path(own) / "log"
        commands.write_text("\n".join(script), encoding="utf-8")
        with open(log, "wb") as out:
            shell = subprocess.Popen(["bash", commands], cwd=folder, env=environment, stdout=out,
                                     stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
            try:
                shell.wait(timeout)
                status = f"ended with {shell.returncode}"
            except subprocess.TimeoutExpired:
                status = f"did not end within {timeout} s"
            finally:
                end_group(shell.pid)
                shell.wait()
        check(steps, log.read_text(encoding="utf-8", errors="replace"), status)


def end_group(leader):
    """Ends all that the document started: a session of its own is one group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def check(steps, log, status):
    parts = re.split(r"^@@ (\d+|end)$", log, flags=re.M)[1:]
    output = dict(zip(parts[::2], parts[1::2]))
    for number, block in enumerate(steps):
        said = output.get(str(number), "")
        wanted = missing_line(block.prints, said)
        last = str(number + 1) not in output and "end" not in output
        if last or wanted:
            why = f"the shell {status}" if last else f"it does not print: {wanted}"
            raise Failed(f"{block.text}\n{why}\nIt printed:\n{said}")
