"""Ports for gateways that a test starts."""

import itertools
import os
import socket

# As in tests/support/stack/free_port.cpp: these blocks are shared with it.
FIRST = 10_000
BLOCK = 250
BLOCKS = 80


def _bind(port):
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return None
    return probe


def _take_block():
    """A block's first port, bound for as long as this process lives, and the others."""
    for i in range(BLOCKS):
        first = FIRST + (os.getpid() + i) % BLOCKS * BLOCK
        holder = _bind(first)
        if holder:
            return holder, itertools.cycle(range(first + 1, first + BLOCK))
    raise AssertionError("no block of ports is free")


_holder, _ports = _take_block()


def free_port():
    """Below the ephemeral range, free now, and given to no other process by this function or by
    C++'s FreePort while this one lives."""
    for port in itertools.islice(_ports, BLOCK):
        probe = _bind(port)
        if probe:
            probe.close()
            return port
    raise AssertionError("no port is free")
