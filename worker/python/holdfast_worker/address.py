"""Gateways' addresses, and what their names resolve to."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import threading
from typing import Callable, NamedTuple, Sequence

log = logging.getLogger("holdfast_worker")

INTERVAL = 2.0
MAX_ADDRESSES = 64  # of one name


class Address(NamedTuple):
    host: str
    port: int
    numeric: bool

    @property
    def endpoint(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Raises ValueError for what is not tcp://HOST:PORT."""
    error = ValueError(f"'{text}' is not an address such as tcp://gateway:5570")
    match = re.fullmatch(r"tcp://(?:\[([0-9a-fA-F:.]+)\]|([^:/ ;*\[\]]+)):([0-9]{1,5})", text)
    if not match or not 0 < int(match[3]) < 65536:
        raise error
    host = match[1] or match[2]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if match[1]:
            raise error from None
        return Address(host, int(match[3]), False)
    return Address(host, int(match[3]), True)


def resolve(name: Address) -> list[str] | None:
    """Its endpoints; None when it cannot be resolved now. Blocks."""
    try:
        found = socket.getaddrinfo(
            name.host, name.port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except (OSError, UnicodeError) as error:
        log.warning("cannot resolve gateway %s: %s", name.host, error)
        return None
    hosts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return [Address(host, name.port, True).endpoint for host in hosts[:MAX_ADDRESSES]]


class Resolver:
    """Looks all names up every few seconds, on a thread of its own.

    Thread: the loop's, but for its own. `wake` is called there when something has changed.
    """

    def __init__(self, names: Sequence[Address], wake: Callable[[], None]) -> None:
        self._names = names
        self._wake = wake
        self._change: frozenset[str] | None = None
        self._stopped = threading.Event()
        if names:
            threading.Thread(target=self._work, name="resolver", daemon=True).start()

    def take_change(self) -> frozenset[str] | None:
        change, self._change = self._change, None
        return change

    def stop(self) -> None:
        self._stopped.set()

    def _work(self) -> None:
        known: dict[Address, list[str]] = {}
        last: frozenset[str] = frozenset()
        while not self._stopped.is_set():
            for name in self._names:
                endpoints = resolve(name)
                if endpoints is not None:
                    known[name] = endpoints
            every = frozenset(endpoint for endpoints in known.values() for endpoint in endpoints)
            if every != last:
                self._change = last = every
                self._wake()
            self._stopped.wait(INTERVAL)
