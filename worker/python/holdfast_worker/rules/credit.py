"""How much each gateway may have this worker hold, in totals that only grow."""

from __future__ import annotations

from typing import Sequence

DEMAND_HALF_LIFE = 0.1
IDLE_AFTER = 1.0


class Totals:
    """One resource (requests, or bytes of payload) of one session.

    done <= received <= granted     (bytes: the last request may exceed what was granted)
    """

    __slots__ = ("granted", "received", "done")

    def __init__(self) -> None:
        self.granted = 0
        self.received = 0
        self.done = 0  # finished, dropped, cancelled or returned

    def held(self) -> int:
        return self.received - self.done

    def committed(self, idle: bool) -> int:
        unused = max(0, self.granted - self.received)
        return self.held() + (min(unused, 1) if idle else unused)

    def raise_to(self, share: int, available: int) -> int:
        """Grants up to `share` beyond what is done, within `available`; at least one if nothing is
        held. Returns what is still available."""
        amount = min(max(0, self.done + share - self.granted), available)
        if self.granted + amount <= self.done:
            amount = self.done + 1 - self.granted
        self.granted += amount
        return available - min(amount, available)


class Account:
    """What one gateway may have this worker hold."""

    __slots__ = ("requests", "bytes", "demand", "last_received")

    def __init__(self, now: float = 0.0) -> None:
        self.requests = Totals()
        self.bytes = Totals()
        self.demand = 0  # requests of late, halved every DEMAND_HALF_LIFE
        self.last_received = now

    def receive(self, payload: int, now: float) -> None:
        self.requests.received += 1
        self.bytes.received += payload
        self.demand += 1
        self.last_received = now

    def done(self, payload: int) -> None:
        self.requests.done += 1
        self.bytes.done += payload


def split_credit(accounts: Sequence[Account], requests: int, bytes_: int, now: float) -> None:
    """Raises what the accounts are granted, so that together they stay within the capacity: at
    least one request (and one byte) each, the rest by demand. Grants cannot be taken back: an
    account above its share gets none until it has shrunk. What an account has not used for
    IDLE_AFTER counts as free: should both use it, Worker hands back what exceeds the capacity."""
    weights = 0
    left, left_bytes = requests, bytes_
    for account in accounts:
        weights += account.demand + 1
        idle = len(accounts) > 1 and now - account.last_received >= IDLE_AFTER
        left = max(0, left - account.requests.committed(idle))
        left_bytes = max(0, left_bytes - account.bytes.committed(idle))
    for account in accounts:
        weight = account.demand + 1
        left = account.requests.raise_to(max(1, requests * weight // weights), left)
        left_bytes = account.bytes.raise_to(max(1, bytes_ * weight // weights), left_bytes)
