from world import World

import pytest
from holdfast_worker.rules.record import NEVER


@pytest.fixture
def world():
    world = World(lanes=2)
    world.link = world.join(7)
    for id_ in range(1, 5):
        world.request(world.link, id_)
    world.flush()
    world.running = world.start_next()
    world.lane.since = world.now
    return world


def test_unstarted_requests_go_back_when_all_threads_are_busy_for_too_long(world):
    world.pass_pinged(0.299)
    assert world.returns(world.link) == []
    world.pass_pinged(0.001)
    assert world.returns(world.link) == [(2, "STUCK"), (3, "STUCK"), (4, "STUCK")]
    assert not world.lane.waiting
    world.ping(world.link, 9)
    world.flush()
    assert world.pong(world.link).started_through == 4


def test_a_young_request_may_still_wait(world):
    world.pass_pinged(0.1)
    world.request(world.link, 5)
    world.flush()
    world.pass_pinged(0.2)
    assert len(world.returns(world.link)) == 3
    assert [record.id for record in world.lane.waiting] == [5]
    world.pass_pinged(0.1)
    assert len(world.returns(world.link)) == 4


def test_credit_is_withheld_until_a_thread_is_free(world):
    world.pass_pinged(0.4)
    assert world.credit(world.link)[0] == 8
    world.lane.since = NEVER
    world.finish(world.running)
    world.pass_pinged(0.05)
    assert world.credit(world.link) == (12, (64 << 20) + 40)


def test_threads_that_take_new_requests_are_not_stuck(world):
    for _ in range(4):
        world.pass_pinged(0.2)
        world.lane.since = world.now
    assert world.returns(world.link) == []


def test_requests_of_another_lane_stay(world):
    world.request(world.link, 5, lane=1)
    world.flush()
    world.pass_pinged(0.4)
    assert 5 not in [id_ for id_, _ in world.returns(world.link)]
    assert world.start_next(lane=1).id == 5
