"""The page about overload: what a service answers, and how soon, from half of its capacity to ten times it."""
import json
import os
import subprocess
import time

from tools import Stack, cpu_seconds, get, machine, verdict

SETTLE = 1.5  # seconds of load before anything is counted
LOADS = (0.5, 1, 2, 10)

CONFIG = """
limits: {pending_requests: 8000}
ready: {required_services: [trouble]}
routes:
  - {path: /v1/a, methods: [POST], service: trouble, timeout: 5s}
"""
FLOW = """
name: overload
steps:
  - name: a
    request: POST %s
    headers: {trouble: "%s"}
    body: x
    expect: {status: 200}
"""
ECHO = "limits: {pending_requests: 4000}\nready: {required_services: [echo]}\n"
# Name to the section of the configuration. The first is what there is without this.
MODES = {
    "queue by length, workers' credit":
        "{queue_target: 0s, refuse_hopeless: false, concurrency: fixed}",
    "queue by time, workers' credit": "{concurrency: fixed}",
    "queue by time, at most 8": "{concurrency: fixed, max_concurrency: 8}",
    "queue by time, adaptive (default)": "{concurrency: adaptive}",
}


def replied(stack):
    """Requests of the gateway so far: (answered by a worker, all)"""
    total = good = 0.0
    for line in get(stack.ops, "/metrics").splitlines():
        if line.startswith("holdfast_requests_total{"):
            count = float(line.rsplit(" ", 1)[1])
            total += count
            good += count if 'outcome="replied"' in line else 0
    return good, total


class Load:
    """holdfast-load on one stack, and what the gateway did meanwhile."""

    def __init__(self, build, folder, stack, command, seconds, path="/v1/a"):
        self.build, self.folder, self.stack, self.seconds = build, folder, stack, seconds
        self.flow = f"{folder}/flow.yaml"
        with open(self.flow, "w", encoding="utf-8") as text:
            text.write(FLOW % (path, command))

    def run(self, *options, cores=os.sched_getaffinity(0)):
        """(good answers/s in the middle of the load, p99 of those in ms, gateway CPU µs/request)"""
        result = f"{self.folder}/load.json"
        load = subprocess.Popen(
            [self.build / "bin/holdfast-load", "run", self.flow, "--url",
             f"http://127.0.0.1:{self.stack.data}", "--quiet", "--processes", "1", "--json", result,
             "--duration", f"{self.seconds + SETTLE + 1}s", "--warm-up", f"{SETTLE}s",
             "--drain", "6s", *map(str, options)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        time.sleep(SETTLE)
        begin, first, cpu = time.monotonic(), replied(self.stack), cpu_seconds(self.stack.gateway.pid)
        time.sleep(self.seconds)
        last, spent = replied(self.stack), time.monotonic() - begin
        cpu = cpu_seconds(self.stack.gateway.pid) - cpu
        load.wait(60)
        with open(result, encoding="utf-8") as text:
            latency = json.load(text)["summary"]["all"]["good_latency"]
        return ((last[0] - first[0]) / spent, latency["p99"] * 1e3,
                cpu * 1e6 / max(last[1] - first[1], 1))


def series(build, folder, command, threads, modes, capacity, seconds):
    """Mode to [(goodput, p99, CPU)] for each of LOADS, each mode on a gateway of its own."""
    measured = {}
    for name in modes:
        print(f"-- {command}: {name}", flush=True)
        config = CONFIG + f"overload: {MODES[name]}\n"
        with Stack(build, folder, "trouble", threads=threads, config=config) as stack:
            load = Load(build, folder, stack, command, seconds)
            measured[name] = [load.run("--rate", round(capacity * times), "--connections", 4000)
                              for times in LOADS]
    return measured


def capacity_of(build, folder, command, threads, users, seconds):
    """Answers/s to so many users who each wait for theirs."""
    config = CONFIG + "overload: {concurrency: fixed}\n"
    with Stack(build, folder, "trouble", threads=threads, config=config) as stack:
        load = Load(build, folder, stack, command, seconds)
        return load.run("--closed", "--users", users, "--connections", users)[0]


def table(say, measured, capacity):
    say("| how | " + " | ".join(f"{times:g} ×" for times in LOADS) +
        " | goodput at 10 × | p99 at 10 × |")
    say("|---|" + "---|" * (len(LOADS) + 2))
    for name, rows in measured.items():
        cells = [f"{good:,.0f}/s, {p99:,.1f} ms" for good, p99, _ in rows]
        goodput, slower = rows[-1][0] / capacity, rows[-1][1] / rows[0][1]
        say(f"| {name} | " + " | ".join(cells) +
            f" | {goodput:.0%} of capacity: {verdict(0.9, goodput)} |"
            f" {slower:.1f} × unloaded: {verdict(slower, 3)} |")


def keep_to(core, *processes):
    """All threads of the processes run on this core only."""
    for process in processes:
        for thread in os.listdir(f"/proc/{process.pid}/task"):
            os.sched_setaffinity(int(thread), {core})


def gateway_alone(build, folder, seconds):
    """(capacity, [(times, goodput, p99)]): gateway and echo worker on one core, the load on another."""
    ours, theirs = sorted(os.sched_getaffinity(0))[:2]
    with Stack(build, folder, "echo", threads=1, config=ECHO) as stack:
        keep_to(ours, stack.gateway, stack.worker)
        load = Load(build, folder, stack, "none", seconds, path="/v1/echo")
        capacity = load.run("--closed", "--users", 1000, "--connections", 1000,
                            cores={theirs})[0]
        rows = []
        for times in (0.5, 1, 2):
            goodput, p99, _ = load.run("--rate", round(capacity * times), "--connections", 1000,
                                       cores={theirs})
            rows.append((times, goodput, p99))
    return capacity, rows


def write(build, folder, seconds, output):
    lines = []

    def say(line=""):
        lines.append(line)
        print(line, flush=True)

    say("# Overload, measured")
    say()
    say(f"Written by `./dev bench --only overload` on {time.strftime('%Y-%m-%d')}. Machine:"
        f" {machine()}. The machine's load average before was {os.getloadavg()[0]:.1f}.")
    say("Generator, gateway and worker share its cores. Compare figures within this page only.")
    say()
    say("Each cell is the answers with 200 in a second, counted by the gateway in the middle of an"
        f" open-loop load ({seconds} s), and their p99 as clients saw it. Unloaded is 0.5 ×. Targets at"
        " ten times the capacity: goodput at least 90 % of it, p99 at most 3 times the unloaded one."
        " Each row is a gateway of its own, from the left to the right.")
    say()
    capacity = capacity_of(build, folder, "block 10", 4, 8, seconds)
    say("## A handler that holds its thread")
    say()
    say("Four threads, 10 ms for each request (`trouble: block 10`). Capacity, measured closed-loop"
        f" with 8 users: {capacity:,.0f}/s.")
    say()
    blocking = series(build, folder, "block 10", 4, MODES, capacity, seconds)
    table(say, blocking, capacity)
    say()
    capacity = capacity_of(build, folder, "later 100", 1, 64, seconds)
    say("## A handler that holds none")
    say()
    say("One thread, which answers each request 100 ms later (`trouble: later 100`), with credit for 64:"
        f" nobody knows the right limit beforehand. Capacity, closed-loop with 64 users:"
        f" {capacity:,.0f}/s.")
    say()
    table(say, series(build, folder, "later 100", 1, MODES, capacity, seconds), capacity)
    say()
    say("## What a refusal costs")
    say()
    rows = blocking["queue by time, adaptive (default)"]
    say(f"The gateway's CPU time for each request of the first table, adaptive: {rows[1][2]:.0f} µs at 1 ×,"
        f" where nearly all are served, and {rows[-1][2]:.0f} µs at 10 ×, where nine of ten are refused.")
    if len(os.sched_getaffinity(0)) > 1:
        say()
        say("## The gateway itself as the bottleneck")
        say()
        capacity, rows = gateway_alone(build, folder, seconds)
        say("Gateway and an echo worker share one core, the generator has another, 1,000 connections."
            f" Capacity, closed-loop with as many users: {capacity:,.0f}/s. No queue of the gateway stands here:"
            " what is too much waits in the clients' connections, one request in each, and its wait"
            " counts for the client. The generator gives hardly more than twice as much.")
        say()
        say("| offered | goodput | p99 |")
        say("|---|---|---|")
        for times, goodput, p99 in rows:
            say(f"| {times:g} × | {goodput:,.0f}/s, {goodput / capacity:.0%} of capacity | {p99:,.1f} ms |")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"\nwritten to {output}")
