"""What the benchmarks share: ports, CPU figures, the stack as real processes, wrk."""
import json
import os
import pathlib
import platform
import re
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)


def get(port, path):
    """What an ops port answers, head and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as ops:
        ops.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: ops.recv(65536), b"")).decode()


class Stack:
    """A gateway with a worker of one plugin, or with the command `worker`, as real processes."""

    def __init__(self, build, folder, plugin, plugin_config=None, threads=1, config="",
                 worker=None):
        self.build, self.folder, self.processes = build, pathlib.Path(folder), []
        self.data, self.ops, self.bus = free_port(), free_port(), free_port()
        file = self.folder / "gateway.yaml"
        file.write_text(config)
        environment = dict(os.environ, HOLDFAST_LISTEN_PORT=str(self.data),
                           HOLDFAST_OPS_PORT=str(self.ops), HOLDFAST_BUS_PORT=str(self.bus))
        self.gateway = self.start([build / "bin/holdfast-gateway", "--config", file], environment)
        command = worker or [build / "bin/holdfast-worker", "--plugin",
                             build / f"plugins/libholdfast_{plugin}.so", "--threads", threads]
        if plugin_config:
            command += ["--plugin-config", json.dumps(plugin_config)]
        gateway = ["--gateway", f"tcp://127.0.0.1:{self.bus}"]
        self.worker = self.start([*command, *gateway], dict(os.environ))
        self.wait_ready()

    def start(self, command, environment):
        log = open(self.folder / "log", "ab")
        process = subprocess.Popen([str(word) for word in command], env=environment, stdout=log,
                                   stderr=log)
        self.processes.append(process)
        return process

    def wait_ready(self):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                with socket.create_connection(("127.0.0.1", self.ops), timeout=1) as ops:
                    ops.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    if b" 200 " in ops.recv(64):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("the stack did not start:\n" + (self.folder / "log").read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wrk(url, connections, seconds, script="post.lua"):
    text = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", HERE / script,
         url], check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad or "Socket errors" in text:
        raise SystemExit(f"wrk {url}: not every answer was good:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    p50 = float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
    return requests, rate, p50


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)
    return (f"{os.cpu_count()} cores ({cpu.group(1) if cpu else platform.machine()}), "
            f"{int(memory) // 2**20} GiB, Linux {platform.release()}")


def verdict(value, target):
    return "met" if value <= target else "not met"
