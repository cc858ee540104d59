"""Requests that wait behind slow handlers go back to their gateways, unstarted."""

from __future__ import annotations

from typing import Sequence

from .counters import Counters
from .held import Held
from .link import Link, Return, ReturnReason
from .record import Lane


class Stuck:
    """Which lanes have started nothing for too long. True while there is one."""

    def __init__(self, lanes: Sequence[Lane], after: float, held: Held, counters: Counters) -> None:
        self._lanes = lanes
        self._after = after
        self._held = held
        self._counters = counters
        self._since: dict[Lane, float] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    def hand_back(self, links: Sequence[Link], now: float) -> bool:
        """Returns what has waited too long. True when some lane is not stuck any more."""
        freed = False
        for lane in self._lanes:
            since = lane.busy_since()
            if self._since.get(lane, since) != since:
                del self._since[lane]
                freed = True
            if now - since < self._after:
                continue
            self._since[lane] = since
            for link in links:
                self._hand_back_of(link, lane, now)
        return freed

    def _hand_back_of(self, link: Link, lane: Lane, now: float) -> None:
        for record in link.unstarted():
            waited = now - record.arrived
            if record.lane is lane and waited >= self._after and self._held.withdraw(record):
                self._counters.returned_stuck += 1
                link.returns.append(Return(record.id, record.attempt, ReturnReason.STUCK))
                self._held.drop(link, record)
