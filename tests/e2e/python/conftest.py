"""A real gateway and real Python workers on loopback, in a folder of their own."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from free_port import free_port

PATIENCE = 20.0
BIN = pathlib.Path(os.environ["HOLDFAST_TEST_BIN_DIR"])
SERVICES = pathlib.Path(__file__).with_name("services.py")
CONFIG = """
limits: {pending_requests: 2000}
shutdown: {drain_timeout: 2s}
ready: {required_services: [sync]}
routes:
  - {path: "/sync/{word}/{argument}", methods: [GET, POST], service: sync, timeout: 20s}
  - {path: "/short/{word}/{argument}", methods: [POST], service: sync, timeout: 400ms}
  - {path: "/async/{word}/{argument}", methods: [GET, POST], service: async, timeout: 20s}
"""


def eventually(condition, patience=PATIENCE):
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.outcome = response.getheader("Holdfast-Outcome")
        self.processed = response.getheader("Holdfast-Processed")
        self.id = response.getheader("Holdfast-Correlation-Id")
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Stack:
    def __init__(self, folder, environment=None, config=CONFIG):
        self.environment = environment or {}
        self.folder = folder
        self.config = config
        self.journal_file = folder / "journal"
        self.ports = {name: free_port() for name in ("LISTEN", "OPS", "BUS")}
        self.processes = []
        self.start_gateway()

    def start(self, command, name):
        environment = dict(os.environ, **self.environment)
        environment.update({f"HOLDFAST_{key}_PORT": str(p) for key, p in self.ports.items()})
        log = self.folder / name
        with log.open("ab") as out:
            process = subprocess.Popen(
                [str(word) for word in command], env=environment, stdout=out, stderr=out
            )
        process.log = log
        self.processes.append(process)
        return process

    def start_gateway(self):
        config = self.folder / "gateway.yaml"
        config.write_text(self.config)
        self.gateway = self.start([BIN / "holdfast-gateway", "--config", config], "gateway.log")

    def worker(self, *options, module=SERVICES, gateway=None):
        gateway = gateway or f"tcp://127.0.0.1:{self.ports['BUS']}"
        command = [sys.executable, "-m", "holdfast_worker", module, "--gateway", gateway]
        name = f"worker-{len(self.processes)}.log"
        return self.start([*command, "--plugin-config", self.journal_file, *options], name)

    def workers(self):
        """Those that the gateway may send something to."""
        try:
            listed = json.loads(self.ops("/v1/workers").body)["workers"]
        except (OSError, KeyError, ValueError):
            return []
        return [w for w in listed if w["state"] == "live" and w["credit"] > 0]

    def wait_workers(self, count):
        assert eventually(lambda: len(self.workers()) == count or self.gateway.poll() is not None)
        assert self.gateway.poll() is None, self.logs()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.ports["LISTEN"], timeout=PATIENCE)

    def ops(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["OPS"], timeout=PATIENCE)
        connection.request("GET", path)
        return Answer(connection.getresponse())

    def call(self, path, body=None, headers=None):
        connection = self.connect()
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def begin(self, path, body=None):
        """A request whose answer nobody has read yet: its connection."""
        connection = self.connect()
        connection.request("GET" if body is None else "POST", path, body)
        return connection

    def journal(self, word):
        if not self.journal_file.exists():
            return []
        lines = (line.split() for line in self.journal_file.read_text().splitlines())
        return [line[1:] for line in lines if line[0] == word]

    def wait_noted(self, word, count=1):
        assert eventually(lambda: len(self.journal(word)) >= count), self.logs()
        return self.journal(word)

    def logs(self):
        return "\n".join(p.log.read_text(errors="replace")[-3000:] for p in self.processes)

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture
def config():
    return CONFIG


@pytest.fixture
def stack(tmp_path, config):
    stack = Stack(tmp_path, config=config)
    yield stack
    stack.end()
    print(stack.logs())
