import signal
import subprocess
import sys

import pytest
from holdfast_worker import supervisor
from holdfast_worker.supervisor import Supervisor

PATIENCE = 20


@pytest.mark.parametrize("signalled", ["before", "after"])
def test_a_signal_that_comes_while_a_process_is_started_reaches_that_process(
    monkeypatch, signalled
):
    parent = Supervisor(1, [])
    slot = parent._slots[0]
    start = subprocess.Popen

    def start_and_be_signalled(_command, **_options):
        if signalled == "before":
            parent._on_end(signal.SIGTERM, None)
        child = start([sys.executable, "-c", "import time; time.sleep(60)"])
        if signalled == "after":
            parent._on_end(signal.SIGTERM, None)
        return child

    monkeypatch.setattr(supervisor.subprocess, "Popen", start_and_be_signalled)
    parent._start(slot, 0.0)
    try:
        assert slot.process.wait(PATIENCE) == -signal.SIGTERM
    finally:
        slot.process.kill()
        slot.process.wait()
