"""What connections that are kept open cost the gateway, in memory and threads."""
import re
import selectors
import socket
import time

from tools import Stack, get, status

BODY = b'{"customer":"c-42","lines":[{"sku":"tea-250","quantity":2}],"currency":"EUR"}'
# The worker never answers it.
REQUEST = (b"POST /v1/trouble HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n"
           b"Content-Type: application/json\r\nTrouble: never\r\nContent-Length: "
           + str(len(BODY)).encode() + b"\r\n\r\n" + BODY)
CONFIG = """
listen: {max_connections: 19500%s}
bus: {max_peers: 4}
limits: {pending_requests: 19500, queue_requests: 19500, queue_bytes: 64MiB, idle_timeout: 10m, head_timeout: 5m}
ready: {required_services: [trouble]}
routes:
  - {path: /v1/trouble, methods: [POST], service: trouble, timeout: 5m}
"""


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def suspend(port):
    connection = connect(port)
    connection.sendall(REQUEST)
    return connection


def readable(connections):
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        return len(selector.select(0))


def metric(port, name):
    found = re.search(rf"^{re.escape(name)} ([\d.e+]+)$", get(port, "/metrics"), re.M)
    return float(found.group(1)) if found else 0.0


def held_memory(build, folder, few, many, open_one, suspended=False, listen=""):
    """(bytes of VmRSS per connection between `few` and `many` of them, threads at 0, threads at
    `many`). `open_one` takes the port and returns a socket that has nothing to read; `suspended`:
    each has a request on its way. `listen`: more keys of that part of the configuration."""
    gauge = "holdfast_pending_requests" if suspended else "holdfast_connections"
    with Stack(build, folder, "trouble", threads=1, config=CONFIG % listen) as stack:
        pid = stack.gateway.pid
        threads = [status(pid, "Threads")]
        held, sizes = [], []
        try:
            for count in (few, many):
                held += [open_one(stack.data) for _ in range(count - len(held))]
                until = time.monotonic() + 30
                while metric(stack.ops, gauge) < count and time.monotonic() < until:
                    time.sleep(0.1)
                time.sleep(1)
                if metric(stack.ops, gauge) < count or readable(held):
                    raise SystemExit(f"held {metric(stack.ops, gauge)} of {count}, "
                                     f"{readable(held)} were answered")
                sizes.append(status(pid, "VmRSS") * 1024)
            threads.append(status(pid, "Threads"))
        finally:
            for connection in held:
                connection.close()
    return (sizes[1] - sizes[0]) / (many - few), *threads
