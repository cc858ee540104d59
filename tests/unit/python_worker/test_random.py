import collections
import random

import pytest
from holdfast_worker.rules.record import NEVER
from world import World

CAPACITY, THREADS = 6, 2


class Schedule:
    """Random inputs in random order, with what must hold after each turn."""

    def __init__(self, seed):
        self.draw = random.Random(seed).randrange
        self.world = World(capacity_requests=CAPACITY)
        self.session = 100
        self.links = [self.world.join(self.next_session()) for _ in range(3)]
        self.running = collections.deque()
        self.next_id = 0
        self.seen = (
            {}
        )  # of each link: how many envelopes were checked, the last credit of each session

    def next_session(self):
        self.session += 1
        return self.session

    def step(self):
        world, link = self.world, self.links[self.draw(3)]
        what = self.draw(12)
        if what < 4:
            self.send_within_credit(link)
        elif what < 6:
            record = world.start_next() if len(self.running) < THREADS else None
            if record is not None:
                self.running.append(record)
            world.lane.since = world.now if len(self.running) == THREADS else NEVER
        elif what < 8 and self.running:
            world.finish(self.running.popleft())
        elif what == 8:
            world.cancel(link, self.next_id - self.draw(8))
        elif what == 9:
            if self.draw(4) == 0:
                world.full.add(link)
            if self.draw(2) == 0:
                world.full.clear()
        elif what == 10:
            world.now += self.draw(900 if self.draw(20) == 0 else 60) / 1000
        elif what == 11 and self.draw(10) == 0:
            if link.in_session():
                world.worker.sessions.end(link)
            else:
                world.full.clear()
                world.welcome(link, self.next_session())

    def send_within_credit(self, link):
        session, sent = self.world.place[link]
        if not link.in_session() or link.session != session:
            return
        requests, bytes_ = link.announced
        if sent < requests and sent * 10 < bytes_:
            self.next_id += 1
            assert self.world.request(link, self.next_id, timeout=(50 + self.draw(500)) / 1000)

    def turn(self):
        world = self.world
        world.worker.begin_turn(world.now)
        for link in self.links:
            if link.in_session() and self.draw(3):
                world.ping(link)
        world.tick()
        assert world.worker.held.requests <= CAPACITY + len(self.links) + 1
        assert world.worker.counters.returned_over_credit == 0
        for link in self.links:
            self.check_totals(link)

    def check_totals(self, link):
        """That the credit of a session only grows."""
        sent = self.world.sent[link]
        checked, last = self.seen.get(link, (0, {}))
        for out in sent[checked:]:
            if out.credit:
                assert out.credit >= last.get(out.session, (0, 0))
                last[out.session] = out.credit
        self.seen[link] = (len(sent), last)


@pytest.mark.parametrize("seed", range(20))
def test_every_request_ends_in_exactly_one_way(seed):
    schedule = Schedule(seed)
    world = schedule.world
    for _ in range(1500):
        schedule.step()
        if schedule.draw(3) == 0:
            schedule.turn()
    for record in schedule.running:
        world.finish(record)
    world.full.clear()
    world.now += 2
    world.worker.begin_turn(world.now)
    world.tick()
    assert world.worker.held.requests == 0
    assert world.worker.held.bytes == 0
    assert world.worker.held.orphans == 0
    assert not world.lane.waiting
    ends = collections.Counter()
    for link in schedule.links:
        ends.update(id_ for id_, _ in world.replies(link))
        ends.update(id_ for id_, _ in world.returns(link))
    assert set(ends.values()) == {1}
    assert 10 < len(ends) <= world.worker.counters.received
