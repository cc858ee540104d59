"""Workers and gateways that stop, die, leave and come back."""

import os
import signal
import threading
import time

from conftest import Answer, eventually


class Clients:
    """Threads that send echoes until they are stopped, and what they got."""

    def __init__(self, stack, count=6):
        self.statuses = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._talk, args=(stack,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _talk(self, stack):
        connection = stack.connect()
        while not self._stop.is_set():
            connection.request("POST", "/sync/echo/x", b"x" * 100)
            answer = Answer(connection.getresponse())
            self.statuses.append((answer.status, answer.outcome))

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.statuses


def test_a_drain_under_load_loses_nothing(stack):
    leaving, staying = stack.worker("--threads", "2"), stack.worker("--threads", "2")
    stack.wait_workers(2)
    clients = Clients(stack)
    assert eventually(lambda: len(clients.statuses) > 200)
    leaving.terminate()
    assert leaving.wait(30) == 0
    before = len(clients.statuses)
    assert eventually(lambda: len(clients.statuses) > before + 200)
    assert set(clients.stop()) == {(200, "replied")}
    assert staying.poll() is None
    assert "returned" not in leaving.log.read_text().split("counted since the start:")[1]
    assert len(stack.journal("left")) == 1  # what the module has registered with atexit


def test_after_a_stop_nothing_is_started_that_was_answered(stack):
    worker = stack.worker("--threads", "1", "--stuck-after", "20s")
    stack.wait_workers(1)
    running = stack.begin("/sync/sleep/1", b"")
    stack.wait_noted("started")
    waiting = [stack.begin("/sync/echo/x", b"") for _ in range(3)]
    assert eventually(lambda: [w["outstanding"] for w in stack.workers()] == [4])
    worker.send_signal(signal.SIGSTOP)
    answers = [Answer(connection.getresponse()) for connection in (running, *waiting)]
    assert {answer.outcome for answer in answers} == {"worker-lost"}
    worker.send_signal(signal.SIGCONT)
    stack.wait_workers(1)
    assert stack.call("/sync/echo/x", b"again").status == 200
    started = [entry[0] for entry in stack.journal("started")]
    assert not {answer.id for answer in answers[1:]} & set(started)


def test_a_worker_comes_back_to_a_restarted_gateway(stack):
    stack.worker()
    stack.wait_workers(1)
    for stop in (signal.SIGTERM, signal.SIGKILL):
        stack.gateway.send_signal(stop)
        stack.gateway.wait(30)
        stack.start_gateway()
        stack.wait_workers(1)
        assert stack.call("/sync/echo/x", b"again").status == 200


def test_an_idempotent_request_survives_its_killed_worker(stack):
    stack.worker()
    stack.worker()
    stack.wait_workers(2)
    connection = stack.begin("/sync/sleep/1")
    victim = int(stack.wait_noted("started")[0][2])
    os.kill(victim, signal.SIGKILL)
    answer = Answer(connection.getresponse())
    assert answer.status == 200
    assert answer.json()["attempt"] == 2
    assert answer.json()["pid"] != victim


def test_one_that_is_not_idempotent_ends_with_its_killed_worker(stack):
    stack.worker()
    stack.wait_workers(1)
    connection = stack.begin("/sync/sleep/15", b"")
    os.kill(int(stack.wait_noted("started")[0][2]), signal.SIGKILL)
    answer = Answer(connection.getresponse())
    assert (answer.status, answer.outcome) == (502, "worker-lost")


def test_code_that_keeps_the_interpreters_lock_costs_its_process_only(stack):
    """What docs/python.md says of it, and of --processes."""
    parent = stack.worker("--threads", "2", "--processes", "2")
    stack.wait_workers(2)
    hog = stack.begin("/sync/hog/1.5", b"")
    stack.wait_noted("started")
    connection = stack.connect()
    while not stack.journal("started")[1:]:
        connection.request("GET", "/sync/echo/x")
        assert Answer(connection.getresponse()).status == 200
    assert Answer(hog.getresponse()).outcome == "worker-lost"
    stack.wait_workers(2)
    parent.terminate()
    assert parent.wait(30) == 0
    assert "starting it again" not in parent.log.read_text()


def test_several_processes_serve_and_a_lost_one_is_started_again(stack):
    parent = stack.worker("--processes", "2")
    stack.wait_workers(2)
    first = {worker["pid"] for worker in stack.workers()}
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: len({w["pid"] for w in stack.workers()} - {victim}) == 2)
    assert stack.call("/sync/echo/x", b"").status == 200
    assert "was killed by signal 9: starting it again" in parent.log.read_text()
    slow = stack.begin("/sync/sleep/1", b"")
    stack.wait_noted("started", 2)
    parent.terminate()
    assert Answer(slow.getresponse()).status == 200
    assert parent.wait(30) == 0


def test_if_the_parent_is_killed_the_others_drain(stack):
    parent = stack.worker("--processes", "2")
    stack.wait_workers(2)
    pids = [worker["pid"] for worker in stack.workers()]
    slow = stack.begin("/sync/sleep/1", b"")
    stack.wait_noted("started")
    parent.kill()
    assert eventually(lambda: parent.log.read_text().count("draining") >= len(pids))
    for pid in pids:
        if _runs(pid):  # once more: the kernel does so for each thread of the parent
            os.kill(pid, signal.SIGTERM)
    assert Answer(slow.getresponse()).status == 200
    assert eventually(lambda: not any(_runs(pid) for pid in pids))


def test_a_second_signal_ends_at_once(stack):
    worker = stack.worker()
    parent = stack.worker("--processes", "2")
    stack.wait_workers(3)
    for process in (worker, parent):
        before = len(stack.journal("started"))
        # By POST: what the first had is not started once more by the second.
        connections = [stack.begin("/sync/sleep/15", b"") for _ in range(3)]
        stack.wait_noted("started", before + 3)
        process.terminate()
        assert eventually(lambda log=process.log: "draining" in log.read_text())
        process.terminate()
        assert process.wait(10) == 143
        for connection in connections:
            connection.close()


def test_a_drain_ends_at_its_timeout_and_cancels(stack):
    worker = stack.worker("--drain-timeout", "300ms")
    stack.wait_workers(1)
    connection = stack.begin("/sync/sleep/15", b"")
    stack.wait_noted("started")
    worker.terminate()
    assert worker.wait(30) == 3
    assert stack.journal("cancelled")
    connection.close()


def test_what_cannot_start_says_why(stack, tmp_path):
    empty = tmp_path / "empty.py"
    empty.write_text("")
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    for module, words, options in (
        ("no_such_module", "No module named 'no_such_module'", ()),
        (tmp_path / "none.py", "none.py", ()),
        (empty, "registers no service", ()),
        (broken, "division by zero", ()),
        (broken, "division by zero", ("--processes", "2")),
    ):
        worker = stack.worker(*options, module=module)
        assert worker.wait(30) == 1
        assert words in worker.log.read_text()


def test_its_health_is_the_files_age(stack, tmp_path):
    health = tmp_path / "health"
    check = stack.worker("--health", "--health-file", health)
    assert check.wait(30) == 1
    stack.worker("--health-file", health)
    assert eventually(health.exists)
    assert stack.worker("--health", "--health-file", health).wait(30) == 0
    old = time.time() - 60
    stack.processes[-2].send_signal(signal.SIGSTOP)
    os.utime(health, (old, old))
    assert stack.worker("--health", "--health-file", health).wait(30) == 1


def test_all_addresses_of_a_name_are_used(stack):
    stack.worker(gateway=f"tcp://localhost:{stack.ports['BUS']}")
    stack.wait_workers(1)
    assert stack.call("/sync/echo/x", b"by name").body == b"by name"


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
