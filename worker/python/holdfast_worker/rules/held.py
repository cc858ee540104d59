"""The requests that a worker holds, over all gateways, and what they weigh."""

from __future__ import annotations

from .link import Link
from .record import Record, State


class Held:
    """Bookkeeping only; Worker decides. `changed`: credit may be due."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0  # sum of Record.counted_bytes
        self.orphans = 0  # run, but their session is over
        self.changed = False
        self._arrivals: dict[Record, None] = {}  # of this turn, in order

    def add(self, link: Link, record: Record) -> None:
        link.records[record.id] = record
        self._arrivals[record] = None
        self.requests += 1
        self.bytes += record.counted_bytes

    def take_arrivals(self) -> list[Record]:
        arrivals = list(self._arrivals)
        self._arrivals.clear()
        return arrivals

    def count(self, record: Record, bytes_: int) -> None:
        """What it weighs from now on."""
        self.bytes += bytes_ - record.counted_bytes
        record.counted_bytes = bytes_

    def withdraw(self, record: Record) -> bool:
        """False: it was started, or is just being started and comes back by itself."""
        if record.started_at:
            return False
        if record.state is State.HANDED:
            return record.lane.withdraw(record)
        del self._arrivals[record]
        return True

    def drop(self, link: Link, record: Record) -> None:
        """It gives its credit back, and is gone."""
        if not record.credited:
            link.credit.done(record.payload_bytes)
        self.forget(link, record)

    def forget(self, link: Link, record: Record) -> None:
        del link.records[record.id]
        link.replying.pop(record.id, None)
        link.started_before += bool(record.started_at)
        self._let_go(record)

    def orphan(self, record: Record) -> None:
        """Its session ends while it runs."""
        self.orphans += 1
        record.orphan = True

    def free_orphan(self, record: Record) -> None:
        self.orphans -= 1
        self._let_go(record)

    def _let_go(self, record: Record) -> None:
        self.requests -= 1
        self.count(record, 0)
        self.changed = True
