import os
import select
import threading

import pytest
from holdfast_worker import service
from holdfast_worker import envelope_pb2 as wire
from holdfast_worker import lanes
from holdfast_worker.lanes import AsyncLane, Canceller, Inbox, ThreadLane
from holdfast_worker.request import Request
from holdfast_worker.rules.record import NEVER, Lease, Record, Verdict
from holdfast_worker.services import registered

PATIENCE = 20.0


class Bench:
    """A lane, the inbox that it fills, and records for it."""

    def __init__(self, make_lane):
        self.inbox = Inbox()
        self.lane = make_lane(self.inbox, Canceller())
        self.taken = []

    def record(self, name, id_=1, deadline=NEVER, lease=NEVER):
        payload = (registered[name], Request(wire.Request(id=id_), deadline))
        record = Record(id_, 1, id_, 0, self.lane, payload)
        record.deadline = deadline
        record.max_reply_bytes = 1000
        record.lease = Lease()
        record.lease.until = lease
        return record

    def wait(self, count):
        while len(self.taken) < count:
            assert select.select([self.inbox.fd], [], [], PATIENCE)[0]
            self.inbox.clear()
            self.taken += self.inbox.take_all()
        return self.taken


@pytest.fixture
def gate():
    """Registers "held" and "held-async", which run until it is set, and "quick"."""
    registered.clear()
    gate = threading.Event()
    gate.entered = threading.Semaphore(0)

    @service("held")
    def held(_request):
        gate.entered.release()
        assert gate.wait(PATIENCE)
        return "held"

    @service("held-async")
    async def held_async(_request):
        gate.entered.release()
        assert gate.wait(PATIENCE)  # blocks the loop, as a bad handler does
        return "held"

    service("quick")(lambda _request: "quick")
    yield gate
    gate.set()
    registered.clear()


def is_readable(inbox):
    return bool(select.select([inbox.fd], [], [], 0)[0])


def test_a_byte_that_comes_after_its_mark_was_taken_is_read_with_the_next_turn(monkeypatch):
    inbox = Inbox()
    write = os.write

    def turn_of_the_loop_and_then_write(*arguments):
        inbox.clear()
        return write(*arguments)

    monkeypatch.setattr(lanes.os, "write", turn_of_the_loop_and_then_write)
    inbox.push("item")
    monkeypatch.undo()
    assert is_readable(inbox)
    inbox.clear()
    assert not is_readable(inbox)


def test_what_is_pushed_while_the_pipe_is_read_leaves_the_next_push_its_byte(monkeypatch):
    inbox = Inbox()
    inbox.push("one")
    read = os.read

    def push_and_then_read(*arguments):
        inbox.push("two")
        return read(*arguments)

    monkeypatch.setattr(lanes.os, "read", push_and_then_read)
    inbox.clear()
    monkeypatch.undo()
    assert inbox.take_all() == ["one", "two"]
    inbox.push("three")
    assert is_readable(inbox)


def test_a_thread_answers_and_the_loop_is_woken(gate):
    bench = Bench(lambda *parts: ThreadLane(2, *parts))
    bench.lane.submit([bench.record("quick", id_) for id_ in range(1, 51)])
    assert sorted(record.id for record, _, _ in bench.wait(50)) == list(range(1, 51))
    assert all(
        wire.Reply.FromString(answer.encoded).body == b"quick" for _, _, answer in bench.taken
    )


def test_as_many_run_at_once_as_there_are_threads(gate):
    bench = Bench(lambda *parts: ThreadLane(2, *parts))
    records = [bench.record("held", id_) for id_ in (1, 2, 3)]
    assert bench.lane.busy_since() == NEVER
    bench.lane.submit(records)
    assert gate.entered.acquire(timeout=PATIENCE) and gate.entered.acquire(timeout=PATIENCE)
    assert bench.lane.busy_since() < NEVER and bench.lane.any_busy()
    assert records[2].started_at == 0
    assert bench.lane.withdraw(records[2])
    assert not bench.lane.withdraw(records[2])
    assert not bench.lane.withdraw(records[0])
    gate.set()
    assert {record.id for record, _, _ in bench.wait(2)} == {1, 2}


def test_a_thread_looks_at_deadline_and_lease_before_it_starts(gate):
    bench = Bench(lambda *parts: ThreadLane(1, *parts))
    expired = bench.record("quick", 1, deadline=0.0)
    lost = bench.record("quick", 2, lease=0.0)
    bench.lane.submit([expired, lost])
    verdicts = {record.id: verdict for record, verdict, _ in bench.wait(2)}
    assert verdicts == {1: Verdict.EXPIRED, 2: Verdict.LEASE_LOST}
    assert expired.started_at == lost.started_at == 0


def test_the_asyncio_loop_looks_at_deadline_and_lease_before_it_starts(gate):
    bench = Bench(AsyncLane)
    bench.lane.submit([bench.record("held-async", 1, deadline=0.0)])
    bench.lane.submit([bench.record("held-async", 2, lease=0.0)])
    assert [verdict for _, verdict, _ in bench.wait(2)] == [Verdict.EXPIRED, Verdict.LEASE_LOST]
    assert not gate.entered.acquire(blocking=False)


def test_what_waits_behind_a_handler_that_blocks_the_asyncio_loop_can_be_withdrawn(gate):
    bench = Bench(AsyncLane)
    first, second = bench.record("held-async", 1), bench.record("held-async", 2)
    bench.lane.submit([first])
    assert gate.entered.acquire(timeout=PATIENCE)
    assert bench.lane.busy_since() == NEVER
    bench.lane.submit([second])
    assert bench.lane.busy_since() < NEVER
    assert bench.lane.withdraw(second)
    gate.set()
    assert [record.id for record, _, _ in bench.wait(1)] == [1]
    bench.lane.submit([bench.record("held-async", 3)])
    assert [record.id for record, _, _ in bench.wait(2)] == [1, 3]


def test_a_cancel_reaches_the_handler(gate):
    bench = Bench(AsyncLane)
    entered = threading.Event()

    @service("waits")
    async def waits(_request):
        import asyncio

        entered.set()
        await asyncio.sleep(PATIENCE)

    record = bench.record("waits")
    bench.lane.submit([record])
    assert entered.wait(PATIENCE)
    bench.lane.cancel(record)
    _, _, answer = bench.wait(1)[0]
    assert wire.Reply.FromString(answer.encoded).kind == wire.Reply.FAILED


def test_a_callback_that_fails_does_not_end_the_others(gate):
    bench = Bench(lambda *parts: ThreadLane(1, *parts))
    called = threading.Event()
    record = bench.record("held")
    request = record.payload[1]
    request.on_cancel(lambda: 1 / 0)
    request.on_cancel(called.set)
    bench.lane.cancel(record)
    assert called.wait(PATIENCE)
