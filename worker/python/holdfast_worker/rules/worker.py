"""Decides what becomes of every request that a worker receives."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Callable, Sequence

from .counters import Counters
from .credit import DEMAND_HALF_LIFE, split_credit
from .held import Held
from .link import Link, Phase, Return, ReturnReason
from .record import NEVER, Answer, Lane, Record, State, Verdict
from .sending import ENVELOPE_OVERHEAD, Transmit, flush_link
from .sessions import Sessions
from .stuck import Stuck

TICK_INTERVAL = 0.05
ORPHANS_BEYOND_CAPACITY = 1024


@dataclasses.dataclass(frozen=True)
class WorkerOptions:
    """Times in seconds."""

    capacity_requests: int = 256  # held at once, over all gateways
    capacity_bytes: int = 64 << 20  # of requests, and of replies that wait to leave
    stuck_after: float = 0.3
    drain_timeout: float = 30.0
    hello_retry: float = 1.0
    refused_retry: float = 5.0


class DrainState(enum.Enum):
    SERVING = "serving"
    DRAINING = "draining"
    DRAINED = "drained"
    TIMED_OUT = "timed out"


class Worker:
    """A state machine without I/O: the loop feeds it what arrived and what time it is; it hands
    requests to lanes and envelopes to a transmitter.

    A turn of the loop: begin_turn, the inputs (those of `sessions` too), tick when next_tick has
    come, flush. `now` is read once, when the loop wakes and before it reads any socket: a process
    that was stopped then sees all that it had missed with a clock that is too early rather than
    too late.

    Thread: the loop's. Nothing blocks. `encode_failure(id, attempt, detail)` makes the reply of a
    failure that the rules themselves decide.
    """

    def __init__(
        self,
        options: WorkerOptions,
        lanes: Sequence[Lane],
        encode_failure: Callable[[int, int, str], Answer],
    ) -> None:
        self.counters = Counters()
        self.held = Held()
        self.sessions = Sessions(
            self.held, self.counters, options.hello_retry, options.refused_retry
        )
        self.next_tick = 0.0
        self.drain = DrainState.SERVING
        self.credit_due = False  # announce even the smallest change
        self._options = options
        self._lanes = lanes
        self._encode_failure = encode_failure
        self._stuck = Stuck(lanes, options.stuck_after, self.held, self.counters)
        self._next_decay = 0.0
        self._drain_until = NEVER

    def begin_turn(self, now: float) -> None:
        """First in every turn: a session whose last Ping is older than its lease is over, whatever
        waits in the socket: a gateway that fell silent, or a loop that did not run."""
        self.sessions.check_leases(now)

    # ---- from a gateway; `session` is the envelope's ---------------------------------------------

    def on_request(
        self,
        link: Link,
        session: int,
        facts: tuple[int, int, int, float, int],
        lane: Lane | None,
        payload: Any,
        now: float,
    ) -> bool:
        """`facts`: id, attempt, sequence, timeout, payload bytes. `lane`: None if the service is
        not served. False when the gateway broke the contract: end the connection."""
        if not self.sessions.has(link, session):
            return True
        id_, attempt, sequence, timeout, size = facts
        if sequence <= link.last_sequence:
            return False
        if id_ in link.records:
            self.counters.duplicate_ids += 1
            return False
        if len(link.returns) > 2 * self._options.capacity_requests + 1024:
            return False
        link.last_sequence = sequence
        self.counters.received += 1
        refusal = self._why_not(link, lane)
        link.credit.receive(size, now)
        if lane is not None and refusal is None:
            terms = link.terms
            record = Record(id_, attempt, sequence, size, lane, payload)
            record.link = link
            record.lease = link.lease
            record.max_reply_bytes = terms.max_reply_bytes
            record.arrived = now
            record.deadline = now + timeout
            self.held.add(link, record)
        elif refusal is not None:
            link.credit.done(size)
            link.returns.append(Return(id_, attempt, refusal))
            self.held.changed = True
        return True

    def on_cancel(self, link: Link, session: int, id_: int, attempt: int) -> None:
        if not self.sessions.has(link, session):
            return
        record = link.records.get(id_)
        if record is None or record.attempt != attempt:
            self.counters.cancels_unknown += 1
        elif record.state is State.REPLYING:
            self.counters.replies_cancelled += 1
            self.held.drop(link, record)
        elif self.held.withdraw(record):
            self.counters.dropped_cancelled += 1
            link.dropped_cancelled += 1
            self.held.drop(link, record)
        else:
            record.cancel()

    def on_reply_credit(self, link: Link, session: int, bytes_total: int) -> None:
        if self.sessions.has(link, session):
            link.reply_bytes_total = max(link.reply_bytes_total, bytes_total)

    def on_goodbye_ack(self, link: Link, session: int) -> None:
        if self.sessions.has(link, session) and self.drain is DrainState.DRAINING:
            link.phase = Phase.LEAVING

    # ---- from the lanes --------------------------------------------------------------------------

    def on_finished(self, record: Record, answer: Answer) -> None:
        self.counters.finished += 1
        if record.orphan:
            self.counters.replies_of_lost_session += 1
            self.held.free_orphan(record)
            return
        link: Link = record.link
        if record.cancelled:
            self.counters.replies_cancelled += 1
            self.held.drop(link, record)
            return
        # Many small headers may take more bytes on the wire than they count as payload.
        if (
            answer.payload_bytes > record.max_reply_bytes
            or len(answer.encoded) + ENVELOPE_OVERHEAD > link.terms.max_message_bytes
        ):
            self.counters.replies_too_large += 1
            detail = (
                f"the reply has {answer.payload_bytes} bytes, "
                f"the gateway takes {record.max_reply_bytes}"
            )
            answer = self._encode_failure(record.id, record.attempt, detail)
        record.payload = None
        record.answer = answer
        self.held.count(record, max(record.payload_bytes, len(answer.encoded)))
        record.state = State.REPLYING
        link.replying[record.id] = record

    def on_not_started(self, record: Record, verdict: Verdict) -> None:
        if record.orphan:
            self.counters.dropped_lease_lost += 1
            self.held.free_orphan(record)
            return
        link: Link = record.link
        if record.cancelled:
            self.counters.dropped_cancelled += 1
            link.dropped_cancelled += 1
        elif verdict is Verdict.EXPIRED:
            self.counters.dropped_expired += 1
            link.dropped_expired += 1
        else:
            # The Ping came just in time after all, so that the session lives: somebody may still
            # wait.
            self.counters.returned_stuck += 1
            link.returns.append(Return(record.id, record.attempt, ReturnReason.STUCK))
        self.held.drop(link, record)

    # ---- time, and the end of a turn -------------------------------------------------------------

    def tick(self, now: float) -> None:
        self.next_tick = now + TICK_INTERVAL
        self.sessions.tick(now)
        for link in self.sessions.links:
            self._drop_expired(link, now)
        if self._stuck.hand_back(self.sessions.links, now):
            self.held.changed = True
        if now >= self._next_decay:
            self._next_decay = now + DEMAND_HALF_LIFE
            for link in self.sessions.links:
                link.credit.demand //= 2
            self.held.changed = True
        self.credit_due = True
        self._update_drain(now)

    def flush(self, transmit: Transmit, now: float) -> bool:
        """Hands over what arrived and sends what is ready. True when some link could take no more:
        call again when it is writable."""
        self._hand_over()
        if self.sessions.opened:
            self.sessions.opened = False
            self.credit_due = True
        if self.held.changed:
            self.update_credit(now)
        blocked = False
        for link in self.sessions.links:
            if flush_link(self, link, transmit, now):
                blocked = True
        self.credit_due = False
        self._update_drain(now)
        return blocked

    def begin_drain(self, now: float) -> None:
        """Says Goodbye to every gateway and finishes what was received before its Ack."""
        if self.drain is DrainState.SERVING:
            self.drain = DrainState.DRAINING
            self._drain_until = now + self._options.drain_timeout
            self.sessions.leave()

    def abandon(self) -> None:
        """Ends every session: what was not started is dropped, what runs is cancelled."""
        for link in self.sessions.links:
            self.sessions.end(link)

    def credit_replies(self, link: Link, batch: Sequence[Record], now: float) -> None:
        """Announced in the envelope that carries the replies, so that a worker of capacity 1 needs
        one."""
        for record in batch:
            if not record.credited:
                record.credited = True
                link.credit.done(record.payload_bytes)
                self.held.count(record, 0)
                self.held.changed = True
        if self.held.changed:
            self.update_credit(now)

    def update_credit(self, now: float) -> None:
        # While a lane is stuck no credit comes back: what was handed back would return at once.
        # While draining none is wanted.
        if self._stuck or self.drain is not DrainState.SERVING:
            return
        self.held.changed = False
        accounts = [link.credit for link in self.sessions.links if link.phase is Phase.OPEN]
        # Replies that wait are paid for with requests too: one that has no body may have a large
        # reply. A gateway that nothing is held for still gets its one request.
        requests = bytes_ = 0
        if self.held.bytes <= self._options.capacity_bytes:
            # Of sessions that are over, and of replies beyond their requests.
            elsewhere = self.held.bytes - sum(account.bytes.held() for account in accounts)
            requests = max(0, self._options.capacity_requests - self.held.orphans)
            bytes_ = self._options.capacity_bytes - max(0, elsewhere)
        split_credit(accounts, requests, bytes_, now)

    # ---- parts -----------------------------------------------------------------------------------

    def _why_not(self, link: Link, lane: Lane | None) -> ReturnReason | None:
        """Why a request that has just come goes back, if it does."""
        account = link.credit
        if (
            account.requests.received >= link.announced[0]
            or account.bytes.received >= link.announced[1]
        ):
            self.counters.returned_over_credit += 1
            return ReturnReason.OVER_CREDIT
        if link.phase is Phase.LEAVING:
            self.counters.returned_draining += 1
            return ReturnReason.DRAINING
        if lane is None:
            self.counters.returned_no_service += 1
            return ReturnReason.NO_SERVICE
        if self._exceeds_capacity(link):
            self.counters.returned_stuck += 1
            return ReturnReason.STUCK
        return None

    def _exceeds_capacity(self, link: Link) -> bool:
        # The one request that each gateway may always have must not become one more for each
        # session whose requests are never answered.
        capacity = self._options.capacity_requests
        if self.held.orphans >= capacity + ORPHANS_BEYOND_CAPACITY:
            return True
        if link.credit.requests.held() == 0:
            return False
        return (
            self.held.requests >= capacity + len(self.sessions.links)
            or self.held.bytes >= 2 * self._options.capacity_bytes
        )

    def _hand_over(self) -> None:
        arrivals = self.held.take_arrivals()
        for record in arrivals:
            record.state = State.HANDED
        for lane in self._lanes:
            records = [record for record in arrivals if record.lane is lane]
            if records:
                lane.submit(records)

    def _drop_expired(self, link: Link, now: float) -> None:
        for record in link.unstarted():
            if now >= record.deadline and self.held.withdraw(record):
                self.counters.dropped_expired += 1
                link.dropped_expired += 1
                self.held.drop(link, record)

    def _update_drain(self, now: float) -> None:
        if self.drain is not DrainState.DRAINING:
            return
        links = self.sessions.links
        told = not any(link.phase is Phase.OPEN or link.returns for link in links)
        if told and self.held.requests == 0:
            self.drain = DrainState.DRAINED
        elif now >= self._drain_until:
            self.drain = DrainState.TIMED_OUT
