"""The page about TLS on the data port: what a request, a handshake and a connection cost."""
import os
import statistics
import subprocess
import time

import tls_memory
from tools import Stack, cpu_seconds, machine, wrk

ROUNDS = 3
ECHO = "limits: {pending_requests: 4000}\nready: {required_services: [echo]}\n"
KEYS = {"P-256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "RSA 2048": ("-newkey", "rsa:2048")}


def make_certificate(folder, key):
    """Its file and its key's."""
    files = f"{folder}/certificate.pem", f"{folder}/certificate.key"
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                    *KEYS[key], "-out", files[0], "-keyout", files[1]], check=True,
                   capture_output=True)
    return files


def listen_with(certificate):
    """For the configuration's part `listen`."""
    return f"tls: {{certificate: {certificate[0]}, key: {certificate[1]}}}"


def measure(build, folder, key, script, connections, seconds):
    """Gateway CPU µs for each request, over TLS with such a key, or plain without one."""
    tls = f"listen: {{{listen_with(make_certificate(folder, key))}}}\n" if key else ""
    with Stack(build, folder, "echo", config=ECHO + tls) as stack:
        url = f"{'https' if key else 'http'}://127.0.0.1:{stack.data}/v1/echo"
        wrk(url, connections, 1, script)
        before = cpu_seconds(stack.gateway.pid)
        requests, _, _ = wrk(url, connections, seconds, script)
        return (cpu_seconds(stack.gateway.pid) - before) * 1e6 / requests


def write(build, folder, seconds, output):
    cases = {"kept": [(None, "post.lua", 64), ("P-256", "post.lua", 64)],
             "own": [(None, "close.lua", 16), ("P-256", "close.lua", 16),
                     ("RSA 2048", "close.lua", 16)]}
    load = os.getloadavg()[0]
    cost = {}
    for case in cases["kept"] + cases["own"]:
        cost[case] = []
    for _ in range(ROUNDS):
        for case, taken in cost.items():
            taken.append(measure(build, folder, *case, seconds))
            print(f"-- {case[0] or 'plain'}, {case[1]}: {taken[-1]:.1f} µs", flush=True)
    figures = {case: statistics.median(taken) for case, taken in cost.items()}
    plain, kept = (figures[case] for case in cases["kept"])
    alone, curve, rsa = (figures[case] for case in cases["own"])
    lines = ["# TLS, measured", "",
             f"Written by `./dev bench --only tls` on {time.strftime('%Y-%m-%d')}. Machine: {machine()}."
             f" The machine's load average before was {load:.1f}.",
             "Generator, gateway and worker share its cores. Compare figures within this page only.", "",
             "CPU time of all of the gateway's threads for each request, POST with 300 B, echo worker, wrk;"
             f" medians of {ROUNDS} rounds of {seconds} s, taken in turn.", "",
             "| | plain | P-256 | RSA 2048 |", "|---|---|---|---|",
             f"| keep-alive, 64 connections | {plain:.1f} µs | {kept:.1f} µs: {kept / plain:.2f} × | |",
             f"| a connection for each request, 16 at a time | {alone:.0f} µs | {curve:.0f} µs |"
             f" {rsa:.0f} µs |", "",
             f"So a handshake costs about {(curve - alone) / 1000:.2f} ms with a P-256 key, and"
             f" {(rsa - alone) / 1000:.2f} ms with RSA 2048.", "",
             f"The slope of VmRSS between {tls_memory.FEW:,} and {tls_memory.MANY:,} connections: all of the"
             " process, outside the kernel. P-256, and clients' certificates with it. *TLS's own* is what TLS"
             " adds to a plain connection that is idle or suspended; [the bound](../memory.md) has to take at"
             " least that much for it.", ""]
    certificate = make_certificate(folder, "P-256")
    lines += tls_memory.memory(build, folder, certificate, listen_with(certificate))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), f"\nwritten to {output}", sep="\n")
