"""The page about workers: an echo in C++ and in Python behind the same gateway, in turn."""
import os
import pathlib
import time

from tools import HERE, Stack, cpu_seconds, machine, verdict, wrk

CONNECTIONS = 64
ROUNDS = 3
TARGET = 5_000  # requests/s of one Python process
CONFIG = "limits: {pending_requests: 4000}\nready: {required_services: [echo]}\n"
PYTHON = ["/usr/bin/python3", "-m", "holdfast_worker", HERE / "echo_services.py"]


def commands(build):
    """Name to command, without its --gateway."""
    plugin = [build / "bin/holdfast-worker", "--plugin", build / "plugins/libholdfast_echo.so"]
    return {
        "C++ plugin, 1 thread": [*plugin, "--threads", "1"],
        "Python function, 1 thread": [*PYTHON, "--threads", "1"],
        "Python function, 4 threads": [*PYTHON, "--threads", "4"],
        "Python async function": [*PYTHON, "--plugin-config", "async"],
        "Python function, 2 processes": [*PYTHON, "--threads", "1", "--processes", "2"],
    }


def family(pid):
    """The process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def measure(build, folder, command, seconds):
    """(requests/s, CPU µs of the worker per request, p50 µs)"""
    with Stack(build, folder, "echo", config=CONFIG, worker=command) as stack:
        time.sleep(0.5)  # the second process may join a little later
        url = f"http://127.0.0.1:{stack.data}/v1/echo"
        wrk(url, CONNECTIONS, 1)
        processes = family(stack.worker.pid)
        before = sum(map(cpu_seconds, processes))
        requests, rate, p50 = wrk(url, CONNECTIONS, seconds)
        cpu = sum(map(cpu_seconds, processes)) - before
    return rate, cpu * 1e6 / requests, p50


def write(build, folder, seconds, output):
    os.environ["PYTHONPATH"] = str(build / "python")
    load = os.getloadavg()[0]
    samples = {name: [] for name in commands(build)}
    for _ in range(ROUNDS):
        for name, command in commands(build).items():
            print(f"-- {name}", flush=True)
            samples[name].append(measure(build, folder, command, seconds))
    rows = {name: sorted(taken)[ROUNDS // 2] for name, taken in samples.items()}
    yard = rows["C++ plugin, 1 thread"]
    one = rows["Python function, 1 thread"][0]
    lines = ["# Workers", "",
             f"Written by `./dev bench --only workers` on {time.strftime('%Y-%m-%d')}. Machine:"
             f" {machine()}.", "The generator, the gateway and the worker share its cores, so that"
             " a worker that costs less lets the others do more. Compare figures within this page"
             " only. The machine's load"
             f" average before the first run was {load:.1f}: at more than 2 other programs had"
             " their share of it.", "",
             f"An echo of 300 B behind the gateway, {CONNECTIONS} connections by wrk. The median of"
             f" {ROUNDS} runs of {seconds} s, taken in turn. CPU is of the worker's processes, all"
             f" threads. Target: {TARGET:,} requests/s of one Python process:"
             f" {verdict(TARGET, one)}.", "",
             "| worker | requests/s | worker's CPU/request | of the C++ plugin's | p50 |",
             "|---|---|---|---|---|"]
    for name, (rate, cpu, p50) in rows.items():
        lines.append(f"| {name} | {rate:,.0f} | {cpu:.1f} µs | {cpu / yard[1]:.1f} |"
                     f" {p50 / 1000:.2f} ms |")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n")
    print("\n".join(lines), f"\nwritten to {output}", sep="\n")
