from world import World

import pytest


@pytest.fixture
def world():
    return World()


def asked(world):
    link = world.worker.sessions.add(world.now)
    world.sent[link] = []
    world.worker.sessions.on_who_are_you(link, world.now)
    world.flush()
    return link


def test_a_worker_that_is_asked_who_it_is_says_hello(world):
    link = asked(world)
    assert world.hellos(link) == 1
    assert world.sent[link][0].session == 0
    assert not link.in_session()


def test_a_second_question_before_the_welcome_is_not_answered(world):
    link = asked(world)
    world.worker.sessions.on_who_are_you(link, world.now + 0.005)
    world.flush()
    assert world.hellos(link) == 1


def test_a_hello_without_an_answer_is_said_again_after_a_second(world):
    link = asked(world)
    world.pass_time(0.999)
    assert world.hellos(link) == 1
    world.pass_time(0.001)
    assert world.hellos(link) == 2


def test_a_question_on_a_new_connection_is_answered_at_once(world):
    link = asked(world)
    world.worker.sessions.on_connection_lost(link, world.now)
    world.worker.sessions.on_who_are_you(link, world.now)
    world.flush()
    assert world.hellos(link) == 2


def test_a_hello_waits_for_the_connection(world):
    link = world.worker.sessions.add(world.now)
    world.sent[link] = []
    world.full.add(link)
    world.worker.sessions.on_who_are_you(link, world.now)
    world.flush()
    assert world.blocked and world.hellos(link) == 0
    world.full.clear()
    world.flush()
    assert not world.blocked and world.hellos(link) == 1


def test_a_refused_worker_tries_again_after_five_seconds_only(world):
    link = asked(world)
    world.worker.sessions.on_refused(link, world.now)
    world.worker.sessions.on_who_are_you(link, world.now)
    world.pass_time(4.999)
    assert world.hellos(link) == 1
    world.pass_time(0.001)
    assert world.hellos(link) == 2


def test_a_gateway_that_forgot_the_session_gets_a_hello_and_its_requests_are_cancelled(world):
    link = world.join(7)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    running = world.start_next()
    world.worker.sessions.on_who_are_you(link, world.now)
    world.flush()
    assert world.hellos(link) == 2
    assert not world.lane.waiting
    assert world.lane.cancelled == {1}
    world.finish(running)
    world.flush()
    assert world.replies(link) == []
    assert world.worker.held.requests == 0


def test_items_of_another_session_are_counted_and_dropped(world):
    link = world.join(7)
    world.place[link][0] = 6
    assert world.request(link, 1)
    world.cancel(link, 1)
    world.ping(link)
    world.flush()
    assert not world.lane.waiting
    assert world.worker.counters.items_of_other_session == 3
    assert world.pong(link) is None


def test_a_sequence_that_goes_back_breaks_the_contract(world):
    link = world.join(7)
    assert world.request(link, 1)
    world.place[link][1] = 0
    assert not world.request(link, 2)


def test_an_id_that_is_held_already_breaks_the_contract(world):
    link = world.join(7)
    assert world.request(link, 1)
    assert not world.request(link, 1)
    assert world.worker.counters.duplicate_ids == 1


def test_two_gateways_may_use_the_same_id(world):
    one, two = world.join(7), world.join(8)
    assert world.request(one, 1)
    assert world.request(two, 1)
    world.flush()
    world.cancel(two, 1)
    assert world.start_next().link is one
    assert world.start_next() is None


def test_a_lost_connection_ends_the_session_unless_traffic_proves_life(world):
    spared, lost = world.join(7), world.join(8)
    for link in (spared, lost):
        world.worker.sessions.on_connection_lost(link, world.now)
    world.now += 0.2
    world.ping(spared)
    world.pass_time(0.05)
    assert spared.in_session() and not lost.in_session()
    assert world.worker.counters.gateways_lost == 1
    assert world.hellos(lost) == 2


def test_a_link_that_is_removed_leaves_nothing_behind(world):
    link = world.join(7)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    running = world.start_next()
    world.worker.sessions.remove(link)
    assert not world.lane.waiting
    world.finish(running)
    world.tick()
    assert world.worker.held.requests == 0
    assert world.worker.held.bytes == 0


def test_a_pong_tells_how_far_requests_were_started_without_gaps(world):
    link = world.join(7)
    for id_ in range(1, 6):
        world.request(link, id_)
    world.flush()
    world.now += 0.01
    first = world.start_next()
    world.cancel(link, 3)
    world.now += 0.02
    world.ping(link, 41)
    world.flush()
    pong = world.pong(link)
    assert (pong.sequence, pong.started_through, pong.queued, pong.running) == (41, 1, 3, 1)
    assert pong.oldest_started == pytest.approx(0.02)
    assert (pong.started_total, pong.dropped_cancelled_total) == (1, 1)

    world.start_next()
    world.finish(first)
    world.ping(link, 42)
    world.flush()
    assert world.pong(link).started_through == 3
    assert world.pong(link).oldest_started == 0

    world.start_next()
    world.start_next()
    world.ping(link, 43)
    world.flush()
    assert (world.pong(link).started_through, world.pong(link).started_total) == (5, 4)


def test_of_pings_that_could_not_be_answered_the_last_is(world):
    link = world.join(7)
    world.full.add(link)
    world.ping(link, 1)
    world.flush()
    world.ping(link, 2)
    world.flush()
    assert world.blocked
    world.full.clear()
    world.flush()
    assert world.pong(link).sequence == 2


def test_counters_name_only_what_happened(world):
    assert str(world.worker.counters) == "nothing"
    world.worker.counters.received = 2
    world.worker.counters.gateways_lost = 1
    assert str(world.worker.counters) == "received=2 gateways_lost=1"
