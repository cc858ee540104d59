#!/usr/bin/env python3
"""docker compose, for real: builds the images, starts them, and checks what a user would rely on.

Uses whatever engine `docker info` reaches. Without one it says why and exits 77, which ctest counts
as skipped; HOLDFAST_REQUIRE_ENGINE=1 turns that into a failure. HOLDFAST_TEST_COMPOSE_OVERRIDE names
a further compose file, for engines that need other networks or builds. `--why-skip` only prints the
reason, and exits 1 when there is none.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
SKIPPED = 77
ORDER = {"customer": "c-42", "lines": [{"sku": "tea-250", "quantity": 1}], "currency": "EUR"}
KILL_WORKER = ('for d in /proc/[0-9]*; do read -r name <$d/comm && [ "$name" = holdfast-worker ] '
               '&& kill -9 "${d#/proc/}"; done; true')


class Failure(Exception):
    """What was expected and what was seen."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def step(text):
    print(f"-- {time.strftime('%H:%M:%S')} {text}", flush=True)


def run(*command, timeout=60, env=None):
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                            env=env)
    output = result.stdout + result.stderr
    check(result.returncode == 0, f"{' '.join(command)} gave {result.returncode}:\n{output}")
    return result.stdout.strip()


def why_skip():
    if os.environ.get("HOLDFAST_REQUIRE_ENGINE") == "1":
        return None
    if shutil.which("docker") is None:
        return "there is no docker command here"
    for command in (("docker", "info"), ("docker", "compose", "version")):
        try:
            run(*command, timeout=20)
        except (Failure, subprocess.TimeoutExpired):
            return f"`{' '.join(command)}` fails, so no engine is reachable"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(url, body=None):
    """Status, headers and JSON body (None if it is not JSON) of one HTTP exchange."""
    data = None if body is None else json.dumps(body).encode()
    content_type = {"Content-Type": "application/json"} if data else {}
    message = urllib.request.Request(url, data, content_type)
    try:
        with urllib.request.urlopen(message, timeout=20) as answer:
            status, headers, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, headers, text = error.code, error.headers, error.read()
    try:
        return status, headers, json.loads(text)
    except ValueError:
        return status, headers, None


def eventually(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.2)


class Stack:
    """One compose project of its own: name, ports and volume are used by nobody else."""

    def __init__(self):
        self.project = f"holdfast-e2e-{os.getpid()}"
        ports = (free_port(), free_port())
        self.data, self.ops = (f"http://127.0.0.1:{port}" for port in ports)
        self.env = dict(os.environ, HOLDFAST_PUBLISH_PORT=str(ports[0]),
                        HOLDFAST_PUBLISH_OPS_PORT=str(ports[1]))
        self.files = ["-f", str(ROOT / "docker-compose.yml")]
        if os.environ.get("HOLDFAST_TEST_COMPOSE_OVERRIDE"):
            self.files += ["-f", os.environ["HOLDFAST_TEST_COMPOSE_OVERRIDE"]]

    def compose(self, *arguments, timeout=120):
        return run("docker", "compose", "-p", self.project, *self.files, *arguments,
                   timeout=timeout, env=self.env)

    def up(self, *arguments):
        self.compose("up", "-d", "--wait", "--wait-timeout", "120", *arguments, timeout=180)

    def containers(self, service):
        return self.compose("ps", "-a", "-q", service).split()

    def order(self):
        status, headers, body = request(self.data + "/v1/orders", ORDER)
        check(status == 201, f"expected 201 for an order, not {status}: {body}")
        return headers["Location"], body


def inside(container, *command):
    """Exit code and output of a command inside a container."""
    result = subprocess.run(["docker", "exec", container, *command], capture_output=True, text=True,
                            timeout=30, check=False)
    return result.returncode, result.stdout + result.stderr


def inspect(container):
    return json.loads(run("docker", "inspect", container))[0]


def is_healthy(container):
    state = inspect(container)["State"]
    return state["Running"] and state.get("Health", {}).get("Status") == "healthy"


def orders_are_created_and_found(stack):
    location, created = stack.order()
    status, _, found = request(stack.data + location)
    check(status == 200, f"GET {location} gave {status}")
    check(found["orderId"] == created["orderId"], f"created {created}, found {found}")


def containers_are_locked_down(container):
    details = inspect(container)
    host = details["HostConfig"]
    user = details["Config"]["User"].split(":")[0]
    check(user not in ("", "0", "root"), "the image runs as root")
    check(host["ReadonlyRootfs"], "the root file system is not read-only")
    check("ALL" in (host["CapDrop"] or []), "capabilities are not dropped")
    check(0 < host["Memory"], "there is no memory limit")


def processes_are_locked_down(container):
    _, status = inside(container, "sh", "-c", "cat /proc/[0-9]*/status")
    values = {key: set(re.findall(rf"^{key}:\s+(\w+)", status, re.M))
              for key in ("Uid", "CapEff", "NoNewPrivs")}
    check(values["Uid"] and "0" not in values["Uid"], f"a process runs as root: {values}")
    check(values["CapEff"] == {"0" * 16}, f"a process has capabilities: {values}")
    check(values["NoNewPrivs"] == {"1"}, f"a process may gain privileges: {values}")
    for path in ("/written", "/usr/written", "/tmp/written"):
        code, output = inside(container, "touch", path)
        check(code != 0 and "Read-only" in output, f"{path} could be written: {output}")
    for client in ("curl", "wget"):
        check(inside(container, "sh", "-c", f"command -v {client}")[0] != 0, f"found {client}")


def only_loopback_is_published(stack):
    """Of docker-compose.yml itself, as an override may have other networks."""
    text = run("docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--format",
               "json", env=stack.env)
    services = json.loads(text)["services"]
    published = {(name, port["target"], port.get("host_ip")) for name, service in services.items()
                 for port in service.get("ports", ())}
    check(published == {("gateway", 8080, "127.0.0.1"), ("gateway", 8081, "127.0.0.1")},
          f"published: {published}")


def memory_limit_holds_the_bound(container):
    """The limit of the container is above what the program says that it can need at most."""
    code, output = inside(container, "holdfast-gateway", "--check-config")
    found = re.search(r"bounded by about \d+ MiB, with .* (\d+) MiB", output)
    check(code == 0 and found, f"--check-config: {output}")
    bound, limit = int(found.group(1)), inspect(container)["HostConfig"]["Memory"] >> 20
    step(f"memory: bound {bound} MiB, limit {limit} MiB")
    check(bound < limit, "the bound is above the limit")


def a_killed_worker_costs_nothing(stack):
    victim = stack.containers("worker")[0]
    restarts = inspect(victim)["RestartCount"]
    inside(victim, "sh", "-c", KILL_WORKER)
    for _ in range(20):
        stack.order()
    eventually("the killed worker is back",
               lambda: inspect(victim)["RestartCount"] > restarts and is_healthy(victim))


def leaves_in_order(stack):
    gateway, workers = stack.containers("gateway"), stack.containers("worker")
    stack.compose("stop", timeout=180)
    for container in gateway + workers:
        state = inspect(container)["State"]
        check(state["ExitCode"] == 0 and not state["OOMKilled"],
              f"{container[:12]} ended with {state['ExitCode']}")


def scenario(stack):
    step("build")
    stack.compose("build", timeout=1200)
    step("up with two workers")
    stack.up()
    gateway = stack.containers("gateway")[0]
    check(len(stack.containers("worker")) == 2, "expected two workers")
    step("an order is created, and found again")
    orders_are_created_and_found(stack)
    step("no root, no capabilities, nothing writable, only loopback published")
    for container in [gateway] + stack.containers("worker"):
        containers_are_locked_down(container)
        processes_are_locked_down(container)
    only_loopback_is_published(stack)
    memory_limit_holds_the_bound(gateway)
    step("scale to three workers")
    stack.up("--no-recreate", "--scale", "worker=3")
    check(len(stack.containers("worker")) == 3, "expected three workers")
    eventually("the gateway counts three workers", lambda: workers_of(stack) == 3, 15)
    step("kill one of them; orders go on; it comes back")
    a_killed_worker_costs_nothing(stack)
    step("stop: everything exits with 0")
    leaves_in_order(stack)


def workers_of(stack):
    _, _, body = request(stack.ops + "/v1/workers")
    return len((body or {}).get("workers", []))


def main():
    reason = why_skip()
    if sys.argv[1:] == ["--why-skip"]:
        print(reason or "")
        return 0 if reason else 1
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    stack = Stack()
    try:
        scenario(stack)
    except (Failure, subprocess.TimeoutExpired, OSError) as failure:
        print(f"FAILED: {failure}", flush=True)
        with contextlib.suppress(Failure, subprocess.TimeoutExpired):
            print(stack.compose("logs", "--no-color", "--tail", "40"))
        return 1
    finally:
        with contextlib.suppress(Failure, subprocess.TimeoutExpired):
            stack.compose("down", "-v", "--remove-orphans", "--rmi", "local", timeout=180)
    step("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
