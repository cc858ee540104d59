"""What a client sees of services in Python."""

import concurrent.futures
import json

import pytest
from conftest import CONFIG, eventually


@pytest.fixture
def config():
    """Beside another test a worker may be held up for longer than the default lease of 500 ms; this
    one's is 3.6 s."""
    return CONFIG + "bus: {peer_timeout: 5s}\n"


@pytest.fixture
def served(stack):
    stack.worker("--threads", "2")
    stack.wait_workers(1)
    return stack


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_echo_comes_back_whole(served, kind):
    body = bytes(range(256)) * 100
    for _ in range(20):
        answer = served.call(f"/{kind}/echo/x", body)
        assert (answer.status, answer.outcome, answer.body) == (200, "replied", body)


def test_many_at_once_each_get_their_own_answer(served):
    def talk(client):
        connection = served.connect()
        for i in range(50):
            body = f"{client} {i}".encode()
            connection.request("POST", f"/{('sync', 'async')[i % 2]}/echo/x", body)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, body)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(talk, range(16)))


def test_bytes_of_a_header_come_back_as_they_were(served):
    answer = served.call("/sync/echo/x", b"", {"X-Header": b"\xff\xc3\xa4"})
    assert answer.status == 200
    assert answer.headers["x-header"].encode("latin-1") == b"\xff\xc3\xa4"
    assert len(served.workers()) == 1


def test_an_exception_is_a_502_and_its_text_stays_in_the_logs(served):
    answer = served.call("/sync/nonsense/x", b"")
    assert (answer.status, answer.outcome) == (502, "worker-error")
    assert b"unknown word" not in answer.body
    for process in served.processes:
        assert eventually(lambda log=process.log: "unknown word: nonsense" in log.read_text())


def test_a_problem_is_the_clients_to_read(served):
    answer = served.call("/sync/problem/tea", b"")
    assert (answer.status, answer.outcome) == (422, "replied")
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["sku"] == "tea"


def test_a_refusal_is_a_503_that_was_not_processed(served):
    answer = served.call("/sync/not-processed/x", b"")
    assert (answer.status, answer.outcome, answer.processed) == (503, "unavailable", "no")


def test_a_deadline_is_a_504_and_the_handler_hears_of_it(served):
    answer = served.call("/short/sleep/15", b"")
    assert (answer.status, answer.outcome) == (504, "timed-out")
    assert served.wait_noted("cancelled")[0][0] == answer.id


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_client_that_leaves_cancels_its_request(served, kind):
    connection = served.begin(f"/{kind}/sleep/15", b"")
    id_ = served.wait_noted("started")[0][0]
    connection.close()
    assert served.wait_noted("cancelled")[0][0] == id_


def test_async_handlers_wait_together(served):
    """More than there are threads, on the one asyncio loop."""
    connections = [served.begin("/async/sleep/1", b"") for _ in range(40)]
    served.wait_noted("started", 40)
    assert len(served.journal("ended")) < 40
    assert {connection.getresponse().status for connection in connections} == {200}


def test_handlers_that_compute_do_not_cost_the_session(served):
    connections = [served.begin("/sync/spin/5", b"") for _ in range(2)]  # longer than the lease
    assert [connection.getresponse().status for connection in connections] == [200, 200]
    worker = served.processes[-1]
    worker.terminate()
    assert worker.wait(30) == 0
    assert "sessions_opened=1" in worker.log.read_text()
    assert "leases_lost" not in worker.log.read_text()
