"""The page about the allocator: what its settings cost a request, and what they keep of what was freed."""
import os
import pathlib
import socket
import statistics
import time

from tools import Stack, cpu_seconds, machine, status, wrk

ROUNDS = 2
ONE = "glibc.malloc.arena_max=1"
TWO = "glibc.malloc.arena_max=2"
MMAP = "glibc.malloc.mmap_threshold=131072"
TRIM = "glibc.malloc.trim_threshold=1048576"
# Name to GLIBC_TUNABLES: a gateway that was given any sets nothing itself. All trim after a peak.
CASES = {
    "glibc's own": "glibc.malloc.tcache_count=7",  # which is its own, too
    "one arena (the gateway's)": ONE,
    "two arenas": TWO,
    "mmap threshold 128 KiB": MMAP,
    "trim threshold 1 MiB": TRIM,
    "one arena, mmap threshold": f"{ONE}:{MMAP}",
    "two arenas, both thresholds": f"{TWO}:{MMAP}:{TRIM}",
}
BUDGET = 128  # MiB
CONFIG = f"""
listen: {{threads: 2}}
limits: {{pending_requests: 4000, pending_bytes: {BUDGET}MiB, upload_bytes: {BUDGET}MiB, queue_requests: 4000, queue_bytes: {BUDGET}MiB}}
overload: {{queue_target: 0s, refuse_hopeless: false}}
bus: {{max_reply: 2MiB, max_message: 2304KiB, reply_window: 4MiB}}
ready: {{required_services: [echo]}}
routes:
  - {{path: /v1/a, methods: [POST], service: echo, timeout: 20s, body_limit: 1MiB, wait_for_worker: 20s}}
"""
# Held at once, for want of a worker: so many requests of so many bytes.
HELD = 350
HELD_BYTES = 60_000
SWINGS = 3


def resident(pid, key="VmRSS"):
    return status(pid, key) / 1024


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def load(stack, connections, seconds, script):
    """Gateway CPU µs for each request."""
    url = f"http://127.0.0.1:{stack.data}/v1/a"
    wrk(url, connections, 1, script)
    before = cpu_seconds(stack.gateway.pid)
    requests, _, _ = wrk(url, connections, seconds, script)
    return (cpu_seconds(stack.gateway.pid) - before) * 1e6 / requests


def swing(port):
    """Requests on one loop's connections, then as many on the other's, in turn: connections are
    dealt to the loops one by one."""
    request = (f"POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: {HELD_BYTES}\r\n\r\n".encode()
               + b"x" * HELD_BYTES)
    for _ in range(SWINGS):
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(2 * HELD)]
        time.sleep(0.1)
        for side in (clients[::2], clients[1::2]):
            for client in side:
                client.sendall(request)
            time.sleep(0.1)
            for client in side:
                client.close()
            time.sleep(0.03)


def measure(build, folder, tunables, seconds):
    os.environ["GLIBC_TUNABLES"] = tunables
    try:
        with Stack(build, folder, "echo", config=CONFIG) as stack:
            pid = stack.gateway.pid
            figures = {"small": load(stack, 64, seconds, "post.lua")}
            forget_peak(pid)
            figures["large"] = load(stack, 8, seconds, "large.lua")
            figures["peak"] = resident(pid, "VmHWM")
            time.sleep(2)
            figures["after"] = resident(pid)
            stack.worker.kill()
            time.sleep(0.5)
            forget_peak(pid)
            swing(stack.data)
            figures["swing peak"] = resident(pid, "VmHWM")
            time.sleep(2)
            figures["swing after"] = resident(pid)
            return figures
    finally:
        del os.environ["GLIBC_TUNABLES"]


def write(build, folder, seconds, output):
    load_average = os.getloadavg()[0]
    taken = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, tunables in CASES.items():
            taken[name].append(measure(build, folder, tunables, seconds))
            print(f"-- {name}: {taken[name][-1]}", flush=True)
    held = HELD * HELD_BYTES / 2**20
    lines = ["# The allocator, measured", "",
             f"Written by `./dev bench --only allocator` on {time.strftime('%Y-%m-%d')}. Machine: {machine()}."
             f" The machine's load average before was {load_average:.1f}.",
             "Generator, gateway and worker share its cores. Compare figures within this page only.", "",
             "CPU time of all of the gateway's threads for each request: POST with 300 B on 64 connections,"
             " and with 1 MiB on 8, both echoed. VmRSS in MiB: the peak of the latter and what is left 2 s"
             f" after it; then the peak while requests with {held:.0f} MiB are held on one loop's connections"
             f" and the other's in turn, and what is left 2 s after that. Medians of {ROUNDS} rounds of"
             f" {seconds} s, taken in turn.", "",
             "| settings | 300 B | 1 MiB | peak | after | peak in turn | after |",
             "|---|---|---|---|---|---|---|"]
    for name, rounds in taken.items():
        median = {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}
        lines.append(f"| {name} | {median['small']:.1f} µs | {median['large']:,.0f} µs"
                     f" | {median['peak']:.1f} | {median['after']:.1f} | {median['swing peak']:.1f}"
                     f" | {median['swing after']:.1f} |")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), f"\nwritten to {output}", sep="\n")
