from world import World

import pytest
from holdfast_worker.rules.link import Welcome


@pytest.fixture
def world():
    return World()


def test_are_started_in_the_order_of_their_arrival_over_all_gateways(world):
    one, two = world.join(7), world.join(8)
    world.request(one, 11)
    world.request(two, 21)
    world.flush()
    world.request(one, 12)
    world.flush()
    assert [world.start_next().id for _ in range(3)] == [11, 21, 12]


def test_replies_go_back_where_the_requests_came_from(world):
    one, two = world.join(7), world.join(8)
    world.request(one, 1)
    world.request(two, 1)
    world.flush()
    world.finish(world.start_next(), "for one")
    world.finish(world.start_next(), "for two")
    world.flush()
    assert world.replies(one) == [(1, "for one")]
    assert world.replies(two) == [(1, "for two")]
    assert world.sent[two][-1].session == 8
    assert world.worker.held.requests == 0


def test_everything_that_is_ready_goes_into_one_envelope(world):
    link = world.join(7)
    for id_ in (1, 2, 3):
        world.request(link, id_)
    world.flush()
    for _ in range(3):
        world.finish(world.start_next())
    world.ping(link, 9)
    before = len(world.sent[link])
    world.flush()
    assert len(world.sent[link]) == before + 1
    last = world.sent[link][-1]
    assert len(last.replies) == 3 and last.pong and last.credit[0] == 8 + 3


def test_an_envelope_stays_under_the_gateways_limit(world):
    world.terms = Welcome(0.2, 0.5, 1000, 1000)
    link = world.join(7)
    for id_ in range(1, 5):
        world.request(link, id_)
    world.flush()
    for _ in range(4):
        world.finish(world.start_next(), "x" * 300)
    before = len(world.sent[link])
    world.flush()
    assert len(world.sent[link]) == before + 2
    assert len(world.replies(link)) == 4


def test_an_expired_one_is_dropped_unstarted_and_its_credit_comes_back(world):
    link = world.join(7)
    world.request(link, 1, timeout=0.1)
    world.request(link, 2, timeout=0.4)
    world.flush()
    world.pass_pinged(0.099)
    assert len(world.lane.waiting) == 2
    world.pass_pinged(0.001)
    assert [record.id for record in world.lane.waiting] == [2]
    assert world.worker.counters.dropped_expired == 1
    assert world.credit(link)[0] == 8 + 1
    assert world.replies(link) == []


def test_a_thread_does_not_start_one_that_expired_since_the_last_tick(world):
    link = world.join(7)
    world.request(link, 1, timeout=0.1)
    world.flush()
    world.now += 0.1
    assert world.start_next() is None
    assert world.worker.counters.dropped_expired == 1
    assert world.worker.held.requests == 0


def test_a_cancelled_one_is_dropped_unstarted(world):
    link = world.join(7)
    world.request(link, 1)
    world.flush()
    world.cancel(link, 1)
    world.flush()
    assert not world.lane.waiting
    assert world.worker.counters.dropped_cancelled == 1
    assert not world.lane.cancelled
    assert world.worker.held.requests == 0


def test_one_that_is_cancelled_in_the_turn_of_its_arrival_is_never_handed_over(world):
    link = world.join(7)
    world.request(link, 1)
    world.request(link, 2)
    world.cancel(link, 1)
    world.flush()
    assert [record.id for record in world.lane.waiting] == [2]


def test_a_cancelled_running_one_is_told_and_gives_its_credit_back_without_a_reply(world):
    link = world.join(7)
    world.request(link, 1)
    world.flush()
    record = world.start_next()
    world.cancel(link, 1)
    world.cancel(link, 1)
    world.pass_pinged(0.1)
    assert world.lane.cancelled == {1}
    assert world.credit(link)[0] == 8
    world.finish(record)
    world.pass_pinged(0.1)
    assert world.replies(link) == []
    assert world.credit(link)[0] == 9


def test_a_cancel_of_another_attempt_is_ignored(world):
    link = world.join(7)
    world.request(link, 1, attempt=2)
    world.flush()
    world.cancel(link, 1, attempt=1)
    assert len(world.lane.waiting) == 1
    assert world.worker.counters.cancels_unknown == 1


def test_a_reply_waits_for_credit_and_the_last_may_exceed_it(world):
    link = world.join(7, reply_credit=10)
    for id_ in (1, 2, 3):
        world.request(link, id_)
    world.flush()
    for _ in range(3):
        world.finish(world.start_next(), "reply", 8)
    world.flush()
    assert len(world.replies(link)) == 2  # 8 < 10, then 16
    assert not world.blocked
    world.worker.on_reply_credit(link, 7, 16)
    world.flush()
    assert len(world.replies(link)) == 2
    world.worker.on_reply_credit(link, 7, 17)
    world.flush()
    assert len(world.replies(link)) == 3


def test_one_whose_reply_waits_gives_no_credit_back(world):
    link = world.join(7, reply_credit=0)
    for id_ in range(1, 9):
        world.request(link, id_)
    world.flush()
    for _ in range(8):
        world.finish(world.start_next())
    world.pass_pinged(0.2)
    assert world.credit(link)[0] == 8
    assert world.worker.held.requests == 8
    world.worker.on_reply_credit(link, 7, 1000)
    world.flush()
    assert world.credit(link)[0] == 16


def test_a_cancel_drops_a_reply_that_still_waits(world):
    link = world.join(7, reply_credit=0)
    world.request(link, 1)
    world.flush()
    world.finish(world.start_next())
    world.flush()
    world.cancel(link, 1)
    world.worker.on_reply_credit(link, 7, 1000)
    world.tick()
    assert world.replies(link) == []
    assert world.worker.counters.replies_cancelled == 1
    assert world.worker.held.requests == 0


def test_a_reply_above_the_limit_becomes_a_failure(world):
    link = world.join(7)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    world.finish(world.start_next(), "fits", 1000)
    world.finish(world.start_next(), "too large", 1001)
    world.flush()
    failure = "FAILED the reply has 1001 bytes, the gateway takes 1000"
    assert world.replies(link) == [(1, "fits"), (2, failure)]
    assert world.worker.counters.replies_too_large == 1


def test_a_reply_that_no_envelope_could_carry_becomes_a_failure(world):
    world.terms = Welcome(0.2, 0.5, 600, 1000)
    link = world.join(7)
    world.request(link, 1)
    world.flush()
    world.finish(world.start_next(), "h" * 600, 10)
    world.flush()
    assert world.replies(link)[0][1].startswith("FAILED ")


def test_replies_survive_a_full_pipe(world):
    link = world.join(7)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    world.full.add(link)
    world.finish(world.start_next())
    world.flush()
    assert world.blocked
    world.finish(world.start_next())
    world.flush()
    world.full.clear()
    world.flush()
    assert len(world.replies(link)) == 2
    assert world.credit(link)[0] == 10
    assert world.worker.held.requests == 0


def test_one_for_a_service_that_is_not_served_is_returned(world):
    link = world.join(7)
    assert world.request(link, 5, lane=None)
    world.flush()
    assert world.returns(link) == [(5, "NO_SERVICE")]
    assert world.credit(link)[0] == 9
