from world import World

import pytest
from holdfast_worker.rules.worker import DrainState


@pytest.fixture
def world():
    world = World(drain_timeout=3.0)
    world.link = world.join(7)
    return world


def drain(world):
    world.worker.begin_drain(world.now)
    world.flush()


def said_goodbye(world, link):
    return any(out.goodbye for out in world.sent[link])


def test_finishes_what_was_received_before_the_ack_and_returns_what_came_after(world):
    link = world.link
    world.request(link, 1)
    world.flush()
    drain(world)
    assert said_goodbye(world, link)
    world.request(link, 2)
    world.worker.on_goodbye_ack(link, 7)
    world.request(link, 3)
    world.flush()
    assert world.worker.drain is DrainState.DRAINING
    assert world.returns(link) == [(3, "DRAINING")]
    world.finish(world.start_next())
    world.flush()
    assert world.worker.drain is DrainState.DRAINING
    world.finish(world.start_next())
    world.flush()
    assert len(world.replies(link)) == 2
    assert world.worker.drain is DrainState.DRAINED


def test_waits_for_the_ack_and_for_replies_that_cannot_leave_yet(world):
    world.request(world.link, 1)
    world.flush()
    drain(world)
    world.full.add(world.link)
    world.worker.on_goodbye_ack(world.link, 7)
    world.finish(world.start_next())
    world.flush()
    assert world.worker.drain is DrainState.DRAINING
    world.full.clear()
    world.flush()
    assert world.worker.drain is DrainState.DRAINED


def test_an_idle_worker_still_waits_for_the_ack(world):
    drain(world)
    assert world.worker.drain is DrainState.DRAINING
    world.worker.on_goodbye_ack(world.link, 7)
    world.flush()
    assert world.worker.drain is DrainState.DRAINED


def test_a_worker_that_nobody_welcomed_leaves_at_once():
    world = World()
    link = world.worker.sessions.add(world.now)
    world.sent[link] = []
    drain(world)
    assert world.worker.drain is DrainState.DRAINED
    assert not said_goodbye(world, link)


def test_a_lost_gateway_does_not_hold_it_up(world):
    other = world.join(8)
    drain(world)
    world.worker.on_goodbye_ack(other, 8)
    world.now += 0.4
    world.ping(other)
    world.pass_time(0.101)
    assert world.worker.drain is DrainState.DRAINED
    assert world.hellos(world.link) == 1


def test_ends_at_its_timeout(world):
    world.request(world.link, 1)
    world.request(world.link, 2)
    world.flush()
    running = world.start_next()
    drain(world)
    world.worker.on_goodbye_ack(world.link, 7)
    world.pass_pinged(2.9)
    assert world.worker.drain is DrainState.DRAINING
    world.pass_pinged(0.1)
    assert world.worker.drain is DrainState.TIMED_OUT
    world.worker.abandon()
    assert not world.lane.waiting
    assert world.lane.cancelled == {running.id}


def test_gives_no_more_credit(world):
    world.request(world.link, 1)
    world.flush()
    world.worker.begin_drain(world.now)
    world.finish(world.start_next())
    world.pass_pinged(0.2)
    assert world.credit(world.link)[0] == 8


def test_a_welcome_that_comes_late_is_answered_with_goodbye(world):
    late = world.worker.sessions.add(world.now)
    world.sent[late] = []
    world.worker.sessions.on_who_are_you(late, world.now)
    world.flush()
    world.worker.begin_drain(world.now)
    world.worker.sessions.on_welcome(late, 9, world.terms, world.now)
    world.flush()
    assert said_goodbye(world, late)
    assert world.credit(late) == (0, 0)
