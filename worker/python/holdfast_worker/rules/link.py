"""What the worker knows of one gateway address, and what it says to it."""

from __future__ import annotations

import dataclasses
import enum
from typing import Sequence

from .credit import Account
from .record import NEVER, Lease, Record, State


class Phase(enum.Enum):
    """silent ──WhoAreYou──▶ hello said ──Welcome──▶ open ──GoodbyeAck──▶ leaving
    ▲                     │  ▲ Refused            │
    └─────────────────────┘  └── lease lost ──────┘
    """

    SILENT = "silent"
    HELLO_SAID = "hello said"
    REFUSED = "refused"
    OPEN = "open"
    LEAVING = "leaving"


class ReturnReason(enum.IntEnum):
    """Numbers of the wire."""

    STUCK = 1
    DRAINING = 2
    NO_SERVICE = 3
    OVER_CREDIT = 4


@dataclasses.dataclass(frozen=True)
class Welcome:
    """A gateway's terms. Times in seconds."""

    ping_interval: float = 0.0
    lease: float = 0.0
    max_message_bytes: int = 0
    max_reply_bytes: int = 0


@dataclasses.dataclass(frozen=True)
class Return:
    id: int
    attempt: int
    reason: ReturnReason


@dataclasses.dataclass(frozen=True)
class Pong:
    sequence: int
    started_through: int
    oldest_started: float
    queued: int
    running: int
    started_total: int
    dropped_expired_total: int
    dropped_cancelled_total: int


@dataclasses.dataclass
class Outgoing:
    """What goes to one gateway in one envelope."""

    session: int = 0
    hello: bool = False
    goodbye: bool = False
    pong: Pong | None = None
    credit: tuple[int, int] | None = None  # totals of requests and bytes
    replies: Sequence[Record] = ()
    returns: Sequence[Return] = ()


class Link:
    """Bookkeeping only; Worker decides. Owner and thread: Worker's."""

    def __init__(self, number: int, now: float) -> None:
        self.number = number
        self.phase = Phase.SILENT
        self.hello_wanted = False
        self.next_hello = now  # when a Hello that had no answer is said again
        self.reset_session()

    def reset_session(self) -> None:
        """Everything that belongs to one session, as it is before a Welcome."""
        self.session = 0
        self.terms = Welcome()
        self.lease = Lease()
        self.suspect_until = NEVER  # a disconnect was seen: traffic must come by then
        self.goodbye_wanted = False
        self.last_sequence = 0
        self.pong_wanted = 0  # 0: none
        self.credit = Account()
        self.announced = (0, 0)
        self.reply_bytes_sent = 0
        self.reply_bytes_total = 0
        self.started_before = 0  # those that are not held any more
        self.dropped_expired = 0
        self.dropped_cancelled = 0
        self.records: dict[int, Record] = {}  # by id, in the order of their sequence
        self.replying: dict[int, Record] = {}  # in the order of their finish
        self.returns: list[Return] = []

    def in_session(self) -> bool:
        return self.phase is Phase.OPEN or self.phase is Phase.LEAVING

    def reply_bytes_left(self) -> int:
        return max(0, self.reply_bytes_total - self.reply_bytes_sent)

    def unstarted(self) -> list[Record]:
        """A copy, in order: what is done with them changes `records`."""
        return [
            record
            for record in self.records.values()
            if not record.started_at and record.state is not State.REPLYING
        ]

    def make_pong(self, now: float) -> Pong:
        queued = running = started = 0
        through = self.last_sequence
        oldest = now
        for record in self.records.values():
            if record.started_at:
                started += 1
                if record.state is not State.REPLYING:
                    running += 1
                    oldest = min(oldest, record.started_at)
            else:
                if not queued:
                    through = record.sequence - 1
                queued += 1
        return Pong(
            sequence=self.pong_wanted,
            started_through=through,
            oldest_started=now - oldest,
            queued=queued,
            running=running,
            started_total=self.started_before + started,
            dropped_expired_total=self.dropped_expired,
            dropped_cancelled_total=self.dropped_cancelled,
        )
