"""The page about the load generator: what it costs beside wrk, how punctual it is, how wide."""
import json
import resource
import subprocess
import time

from tools import HERE, Stack, free_port, machine, verdict, wrk

PAIRS = 5
RATES = (1_000, 5_000, 20_000)
WIDE = 15_000


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def holdfast_load(build, folder, url, seconds, *options):
    """The result's summary."""
    file = f"{folder}/load.json"
    subprocess.run([build / "bin/holdfast-load", "run", HERE / "post.yaml", "--url", url, "--quiet",
                    "--duration", f"{seconds}s", "--json", file, *map(str, options)],
                   check=True, capture_output=True)
    with open(file, encoding="utf-8") as text:
        result = json.load(text)
    everything = result["summary"]["all"]
    if everything["good"] != everything["sent"]:
        raise SystemExit(f"holdfast-load {url}: not every answer was good: {everything['errors']}")
    return result["summary"]


def one_pair(build, folder, url, connections, seconds):
    """CPU µs per request of (wrk, holdfast-load without checks, with them), one after the other."""
    closed = ("--closed", "--users", connections, "--connections", connections, "--processes", 1)
    before = children_cpu()
    requests, _, _ = wrk(url + "/v1/echo", connections, seconds)
    costs = [(children_cpu() - before) * 1e6 / requests]
    for options in (("--no-checks",), ()):
        before = children_cpu()
        summary = holdfast_load(build, folder, url, seconds, *closed, *options)
        costs.append((children_cpu() - before) * 1e6 / summary["all"]["answered"])
    return costs


def rows(build, folder, target, url, seconds):
    for connections in (64, 1000):
        pairs = [one_pair(build, folder, url, connections, seconds) for _ in range(PAIRS)]
        theirs, ours, checked = sorted(pairs, key=lambda pair: pair[1] / pair[0])[PAIRS // 2]
        yield (f"| {target} | {connections} | {theirs:.2f} µs | {ours:.2f} µs |"
               f" {ours / theirs:.2f} | {verdict(ours / theirs, 1.5)} | {checked:.2f} µs |")


def write(build, folder, seconds, output):
    lines = []

    def say(line=""):
        lines.append(line)
        print(line, flush=True)

    say("# The load generator, measured")
    say()
    say(f"Written by `./dev bench` on {time.strftime('%Y-%m-%d')}. Machine: {machine()}.")
    say("Generator and target share its cores. Compare figures within this page only.")
    say()
    say("## What a request costs")
    say()
    say("User and system time of all of the tool's processes, start and report included, for each"
        " request, POST with 300 B. Both tools closed loop, one generator thread, the same target and"
        f" connections, in turn; the median of {PAIRS} pairs by their ratio. wrk sends one request"
        " over and over; holdfast-load makes each anew (its own mark) and keeps four histograms."
        " Target: at most 1.5 times wrk's, checks off.")
    say()
    say("| target | connections | wrk | holdfast-load | ratio | | with checks |")
    say("|---|---|---|---|---|---|---|")
    port = free_port()
    bare = subprocess.Popen([build / "bin/bare_epoll", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for row in rows(build, folder, "bare epoll", url, seconds):
            say(row)
        config = "limits: {pending_requests: 4000}\nready: {required_services: [echo]}\n"
        with Stack(build, folder, "echo", config=config) as stack:
            for row in rows(build, folder, "gateway with an echo worker",
                            f"http://127.0.0.1:{stack.data}", seconds):
                say(row)
        say()
        say("## How punctual it is")
        say()
        say("Slip: how late the generator woke for a planned send, open loop against the bare epoll"
            " server, 64 connections. Target on an idle machine: at most 100 µs at the median.")
        say()
        say("| requests/s | slip p50 | slip p99 | target | latency p50 |")
        say("|---|---|---|---|---|")
        for rate in RATES:
            summary = holdfast_load(build, folder, url, seconds, "--rate", rate, "--processes", 1,
                                    "--connections", 64)
            slip, latency = summary["slip"], summary["all"]["latency"]
            say(f"| {rate:,} | {slip['p50'] * 1e6:.0f} µs | {slip['p99'] * 1e6:.0f} µs |"
                f" {verdict(slip['p50'], 100e-6)} | {latency['p50'] * 1e6:.0f} µs |")
        say()
        say("## How wide it is")
        say()
        summary = holdfast_load(build, folder, url, seconds, "--closed", "--users", WIDE,
                                "--connections", WIDE, "--processes", 1)
        say(f"One process with {WIDE:,} connections, closed loop with as many users, bare epoll:"
            f" {summary['all']['answered']:,} answers in {seconds} s, all of them good.")
    finally:
        bare.kill()
        bare.wait()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"\nwritten to {output}")
