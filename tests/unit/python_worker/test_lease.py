from world import World

import pytest
from holdfast_worker.rules.record import Verdict


@pytest.fixture
def world():
    return World()


@pytest.fixture
def link(world):
    return world.join(7)


def test_without_a_ping_unstarted_requests_are_dropped_and_the_worker_says_hello_anew(world, link):
    world.request(link, 1)
    world.flush()
    world.pass_time(0.5)
    assert link.in_session()
    world.pass_time(0.001)
    assert not link.in_session()
    assert not world.lane.waiting
    assert world.hellos(link) == 2
    assert world.worker.counters.leases_lost == 1
    assert world.worker.counters.dropped_lease_lost == 1
    assert world.returns(link) == []


def test_a_ping_renews_it(world, link):
    world.request(link, 1)
    world.flush()
    world.pass_pinged(2.0)
    assert link.in_session()
    assert world.start_next() is not None


def test_pings_that_waited_while_the_loop_stood_still_do_not_renew_it(world, link):
    world.request(link, 1)
    world.flush()
    world.now += 0.6
    world.worker.begin_turn(world.now)
    world.ping(link)
    world.request(link, 2)
    world.tick()
    assert not world.lane.waiting
    assert not link.in_session()


def test_a_thread_that_wakes_before_the_loop_starts_nothing(world, link):
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    world.now += 0.6
    assert world.start_next() is None
    world.worker.begin_turn(world.now)
    assert not world.lane.waiting
    assert world.worker.held.requests == 0


def test_a_request_that_a_thread_took_meanwhile_is_an_orphan_until_it_comes_back(world, link):
    world.request(link, 1)
    world.flush()
    taken = world.lane.waiting.pop()
    world.now += 0.6
    world.worker.begin_turn(world.now)
    assert world.worker.held.requests == 1
    world.worker.on_not_started(taken, Verdict.LEASE_LOST)
    assert world.worker.held.requests == 0


def test_a_request_that_a_thread_refused_goes_back_if_the_session_lives_on(world, link):
    world.request(link, 1)
    world.flush()
    taken = world.lane.waiting.pop()
    world.worker.on_not_started(taken, Verdict.LEASE_LOST)
    world.flush()
    assert world.returns(link) == [(1, "STUCK")]


def test_running_requests_of_a_lost_session_are_cancelled_and_their_replies_dropped(world, link):
    world.request(link, 1)
    world.flush()
    running = world.start_next()
    world.pass_time(0.501)
    assert world.lane.cancelled == {1}
    world.welcome(link, 8)
    world.finish(running)
    world.flush()
    assert world.replies(link) == []
    assert world.worker.counters.replies_of_lost_session == 1


def test_replies_that_waited_are_dropped_with_their_session(world, link):
    world.full.add(link)
    world.request(link, 1)
    world.flush()
    world.finish(world.start_next())
    world.flush()
    world.pass_time(0.501)
    world.full.clear()
    world.welcome(link, 8)
    assert world.replies(link) == []
    assert world.worker.held.requests == 0


def test_a_new_session_counts_its_credit_anew_without_what_still_runs(world, link):
    for id_ in (1, 2, 3):
        world.request(link, id_)
    world.flush()
    running = world.start_next()
    world.pass_time(0.501)
    world.welcome(link, 8)
    assert world.credit(link)[0] == 7
    world.finish(running)
    world.tick()
    assert world.credit(link)[0] == 8


def test_one_gateways_silence_does_not_touch_another(world, link):
    other = world.join(9)
    world.request(link, 1)
    world.request(other, 2)
    world.flush()
    world.now += 0.4
    world.worker.begin_turn(world.now)
    world.ping(other)
    world.pass_time(0.101)
    assert not link.in_session() and other.in_session()
    assert world.start_next().id == 2
