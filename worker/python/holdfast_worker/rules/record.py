"""One request, from its arrival until its reply is sent or it is dropped."""

from __future__ import annotations

import enum
from typing import Any, Protocol, Sequence

NEVER = float("inf")


class Lease:
    """How long a session's unstarted requests may still be started.

    Written by the loop, read by every thread that starts a request: a process that was stopped
    finds it in the past when it wakes.
    """

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = -NEVER

    def holds(self, now: float) -> bool:
        return now <= self.until


class Verdict(enum.Enum):
    """What a lane found when it was about to start a request."""

    START = "start"
    EXPIRED = "expired"
    LEASE_LOST = "lease lost"


class State(enum.IntEnum):
    ARRIVED = 1  # received in this turn
    HANDED = 2  # with its lane: waiting, or running
    REPLYING = 3  # finished; the reply waits for credit or for the socket


class Answer:
    """An encoded reply: the wire's Reply without its tag and length."""

    __slots__ = ("encoded", "payload_bytes")

    def __init__(self, encoded: bytes, payload_bytes: int) -> None:
        self.encoded = encoded
        self.payload_bytes = payload_bytes


class Lane(Protocol):
    """What runs handlers, as the rules see it. Called on the loop, never calls back."""

    def submit(self, records: Sequence[Record]) -> None:
        """Appends to the queue that handlers are started from, after try_start. What does not
        start comes back by Worker.on_not_started, all else by Worker.on_finished."""

    def withdraw(self, record: Record) -> bool:
        """Takes it out of that queue. False: it was taken before, and comes back by itself."""

    def cancel(self, record: Record) -> None:
        """Tells the handler that nobody wants the answer any more."""

    def busy_since(self) -> float:
        """When a handler was last started, if none can be now; NEVER if one can."""


class Record:
    """Owner: Worker. The loop's, except for what a lane reads and for `started_at`."""

    __slots__ = (
        "id",
        "attempt",
        "sequence",
        "payload_bytes",
        "max_reply_bytes",
        "arrived",
        "deadline",
        "lease",
        "lane",
        "link",
        "payload",
        "started_at",
        "state",
        "cancelled",
        "credited",
        "orphan",
        "counted_bytes",
        "answer",
    )

    def __init__(
        self, id_: int, attempt: int, sequence: int, size: int, lane: Any, payload: Any
    ) -> None:
        self.id = id_
        self.attempt = attempt
        self.sequence = sequence
        self.payload_bytes = size
        self.lane: Lane = lane
        self.payload = payload  # the content, which the rules never look into
        self.link: Any = None  # rules.link.Link, which knows this class
        self.lease: Lease
        self.max_reply_bytes = 0
        self.arrived = 0.0
        self.deadline = 0.0
        self.started_at = 0.0  # 0: not yet. Written by the lane
        self.state = State.ARRIVED
        self.cancelled = False
        self.credited = False  # counted as done, with its reply in the next envelope
        self.orphan = False  # its session is over: the reply goes nowhere
        self.counted_bytes = size  # in Held.bytes: its payload, or its reply where that is larger
        self.answer: Answer | None = None

    def cancel(self) -> None:
        """Of one that was started, or is just being started."""
        if not self.cancelled:
            self.cancelled = True
            self.lane.cancel(self)

    def try_start(self, now: float) -> Verdict:
        """The last check before a handler sees the request. The caller holds whatever also guards
        Lane.withdraw, so that a request is either started or withdrawn."""
        if now >= self.deadline:
            return Verdict.EXPIRED
        if not self.lease.holds(now):
            return Verdict.LEASE_LOST
        self.started_at = now
        return Verdict.START
