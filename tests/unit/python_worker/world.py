"""A Worker with a clock that stands still until a test moves it, lanes that start only what a test
tells them to, and gateways that say what a test makes them say."""

from __future__ import annotations

import copy

from holdfast_worker.rules.link import Welcome
from holdfast_worker.rules.record import NEVER, Answer, Verdict
from holdfast_worker.rules.worker import Worker, WorkerOptions

PLENTY = 1 << 20


class FakeLane:
    def __init__(self):
        self.waiting = []
        self.cancelled = set()
        self.since = NEVER

    def submit(self, records):
        self.waiting += records

    def withdraw(self, record):
        if record not in self.waiting:
            return False
        self.waiting.remove(record)
        return True

    def cancel(self, record):
        self.cancelled.add(record.id)

    def busy_since(self):
        return self.since


class World:
    """Times in seconds. Every method is one turn of the loop, but for request, cancel and ping."""

    def __init__(self, lanes=1, **options):
        self.now = 3600.0
        self.terms = Welcome(0.2, 0.5, 2 << 20, 1000)
        self.lanes = [FakeLane() for _ in range(lanes)]
        self.lane = self.lanes[0]
        self.worker = Worker(
            WorkerOptions(**{"capacity_requests": 8, **options}),
            self.lanes,
            lambda _id, _attempt, detail: Answer(b"FAILED " + detail.encode(), len(detail)),
        )
        self.sent = {}
        self.full = set()
        self.blocked = False
        self.place = {}  # of each link: session, last sequence
        self.worker.begin_turn(self.now)

    def join(self, session, reply_credit=PLENTY):
        link = self.worker.sessions.add(self.now)
        self.sent[link] = []
        self.welcome(link, session, reply_credit)
        return link

    def welcome(self, link, session, reply_credit=PLENTY):
        self.worker.sessions.on_who_are_you(link, self.now)
        self.flush()
        self.worker.sessions.on_welcome(link, session, self.terms, self.now)
        self.worker.on_reply_credit(link, session, reply_credit)
        self.place[link] = [session, 0]
        self.flush()

    def request(self, link, id_, timeout=10.0, size=10, attempt=1, lane=0):
        place = self.place[link]
        place[1] += 1
        return self.worker.on_request(
            link,
            place[0],
            (id_, attempt, place[1], timeout, size),
            None if lane is None else self.lanes[lane],
            None,
            self.now,
        )

    def cancel(self, link, id_, attempt=1):
        self.worker.on_cancel(link, self.place[link][0], id_, attempt)

    def ping(self, link, sequence=1):
        self.worker.sessions.on_ping(link, self.place[link][0], sequence, self.now)

    def flush(self):
        self.blocked = self.worker.flush(self._transmit, self.now)

    def tick(self):
        self.worker.tick(self.now)
        self.flush()

    def pass_time(self, seconds):
        self.now = round(self.now + seconds, 6)
        self.worker.begin_turn(self.now)
        self.tick()

    def pass_pinged(self, seconds):
        """With pings in time."""
        while seconds > 1e-9:
            step = min(seconds, 0.1)
            seconds -= step
            self.now = round(self.now + step, 6)
            self.worker.begin_turn(self.now)
            for link in self.place:
                self.ping(link)
            self.tick()

    def start_next(self, lane=0):
        """A thread takes the next request; None if that was not allowed to start."""
        if not self.lanes[lane].waiting:
            return None
        record = self.lanes[lane].waiting.pop(0)
        verdict = record.try_start(self.now)
        if verdict is Verdict.START:
            return record
        self.worker.on_not_started(record, verdict)
        return None

    def finish(self, record, text="done", size=4):
        self.worker.on_finished(record, Answer(text.encode(), size))

    # What was sent.

    def replies(self, link):
        return [reply for out in self.sent[link] for reply in out.texts]

    def returns(self, link):
        return [(item.id, item.reason.name) for out in self.sent[link] for item in out.returns]

    def credit(self, link):
        """What was announced last: totals of requests and bytes."""
        return next((out.credit for out in reversed(self.sent[link]) if out.credit), (0, 0))

    def pong(self, link):
        return next((out.pong for out in reversed(self.sent[link]) if out.pong), None)

    def hellos(self, link):
        return sum(out.hello for out in self.sent[link])

    def _transmit(self, link, out):
        if link in self.full:
            return False
        seen = copy.copy(out)
        seen.texts = [(record.id, record.answer.encoded.decode()) for record in out.replies]
        self.sent[link].append(seen)
        return True
