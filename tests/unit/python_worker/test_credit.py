from world import World

import pytest
from holdfast_worker.rules.credit import Account, split_credit


@pytest.fixture
def world():
    return World(capacity_bytes=1000)


def test_the_only_gateway_gets_the_whole_capacity(world):
    assert world.credit(world.join(7)) == (8, 1000)


def test_what_exceeds_it_is_handed_back(world):
    link = world.join(7)
    for id_ in range(1, 10):
        assert world.request(link, id_)
    world.flush()
    assert len(world.lane.waiting) == 8
    assert world.returns(link) == [(9, "OVER_CREDIT")]


def test_the_last_request_may_exceed_the_bytes(world):
    link = world.join(7)
    world.request(link, 1, size=999)
    world.request(link, 2, size=500)
    world.request(link, 3, size=1)
    world.flush()
    assert len(world.lane.waiting) == 2
    assert world.returns(link) == [(3, "OVER_CREDIT")]


def test_totals_grow_by_what_is_done_only(world):
    link = world.join(7)
    for id_ in range(1, 5):
        world.request(link, id_, size=100)
    world.flush()
    assert world.credit(link) == (8, 1000)
    world.finish(world.start_next())
    world.cancel(link, 3)
    world.tick()
    assert world.credit(link) == (10, 1200)


def test_credit_alone_is_sent_when_half_is_used_up_or_with_the_next_tick(world):
    link = world.join(7)
    world.request(link, 1)
    world.flush()
    world.cancel(link, 1)
    world.flush()
    assert world.credit(link)[0] == 8
    world.tick()
    assert world.credit(link)[0] == 9


def test_a_worker_of_capacity_one_gives_its_credit_with_the_reply():
    world = World(capacity_requests=1)
    link = world.join(7)
    assert world.credit(link)[0] == 1
    world.request(link, 1)
    world.flush()
    world.finish(world.start_next())
    world.flush()
    last = world.sent[link][-1]
    assert len(last.replies) == 1 and last.credit[0] == 2


def test_a_second_gateway_gets_at_least_one_at_once_and_more_as_the_first_finishes(world):
    one = world.join(7)
    for id_ in range(1, 9):
        world.request(one, id_)
    world.flush()
    two = world.join(8)
    assert world.credit(two)[0] == 1
    world.request(two, 100)
    for _ in range(8):
        world.finish(world.start_next())
    world.pass_pinged(0.5)
    assert world.credit(two)[0] >= 2
    assert world.credit(one)[0] - 8 + world.credit(two)[0] <= 9


def use(world, link, rounds=20):
    for id_ in range(1, rounds + 1):
        world.request(link, id_)
        world.flush()
        world.finish(world.start_next())
        world.pass_pinged(0.05)
    return rounds


def test_credit_that_a_gateway_leaves_unused_goes_to_the_other(world):
    idle, busy = world.join(7), world.join(8)
    assert (world.credit(idle)[0], world.credit(busy)[0]) == (8, 1)
    world.pass_pinged(1.1)
    used = use(world, busy)
    assert world.credit(busy)[0] - used >= 5


def test_if_both_use_it_after_all_what_exceeds_the_capacity_is_handed_back(world):
    idle, busy = world.join(7), world.join(8)
    world.pass_pinged(1.1)
    id_ = use(world, busy)
    while id_ < world.credit(busy)[0]:
        id_ += 1
        world.request(busy, id_)
    for extra in range(8):
        world.request(idle, 1000 + extra)
    world.flush()
    assert world.worker.held.requests <= 8 + 2
    assert {reason for _, reason in world.returns(idle)} == {"STUCK"}


def test_a_gateway_with_nothing_here_gets_one_while_replies_fill_the_bytes(world):
    link = world.join(7, reply_credit=0)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    for _ in range(2):
        world.finish(world.start_next(), "r" * 900, 900)
    other = world.join(8)
    for id_ in range(100, 105):
        assert world.credit(other)[0] == id_ - 99
        assert world.request(other, id_)
        world.flush()
        world.finish(world.start_next())
        world.pass_pinged(0.1)
    assert len(world.replies(other)) == 5


def test_bytes_of_replies_that_are_given_up_come_back(world):
    link = world.join(7, reply_credit=0)
    world.request(link, 1)
    world.request(link, 2)
    world.flush()
    for _ in range(2):
        world.finish(world.start_next(), "r" * 900, 900)
    world.cancel(link, 1)
    world.tick()
    assert world.credit(link)[0] == 9
    world.worker.sessions.end(link)
    world.welcome(link, 9)
    assert world.worker.held.requests == 0
    assert world.credit(link) == (8, 1000)


def test_an_envelope_has_no_more_items_than_a_gateway_takes():
    world = World(capacity_requests=6000)
    link = world.join(7)
    for id_ in range(1, 8001):
        assert world.request(link, id_)
    world.flush()
    world.full.add(link)
    while world.lane.waiting:
        world.finish(world.start_next(), "", 1)
    world.flush()
    world.full.clear()
    world.flush()
    assert len(world.replies(link)) == 6000
    assert all(len(out.replies) + len(out.returns) + 8 < 4096 for out in world.sent[link])


def test_demand_decides_the_shares():
    one, two = Account(), Account()
    one.demand = 9
    split_credit([one, two], 110, 1100, 0.0)
    assert (one.requests.granted, two.requests.granted, one.bytes.granted) == (100, 10, 1000)


def test_no_credit_is_taken_back():
    one, two = Account(), Account()
    split_credit([one], 10, 10, 0.0)
    split_credit([one, two], 10, 10, 0.0)
    assert (one.requests.granted, two.requests.granted) == (10, 1)
