"""An encrypted leg between the gateway and a Python worker."""

import subprocess

import pytest
from conftest import BIN, Stack, eventually


@pytest.fixture
def encrypted(tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    for name, folder in (("gateway", tmp_path), ("worker", known), ("stranger", tmp_path)):
        subprocess.run([BIN / "holdfastctl", "keygen", name, "--dir", folder], check=True)
    environment = {
        "HOLDFAST_BUS_CURVE_SECRET_KEY": str(tmp_path / "gateway.key_secret"),
        "HOLDFAST_BUS_CURVE_WORKERS": str(known),
    }
    stack = Stack(tmp_path, environment)
    yield stack
    stack.end()


def keys(stack, own):
    return "--curve-key", own, "--curve-gateway-key", stack.folder / "gateway.key"


def test_a_worker_with_a_known_key_serves(encrypted):
    encrypted.worker(*keys(encrypted, encrypted.folder / "known/worker.key_secret"))
    encrypted.wait_workers(1)
    assert encrypted.call("/sync/echo/x", b"hello").body == b"hello"


def test_a_stranger_and_a_plain_worker_are_told_why_they_are_refused(encrypted):
    stranger = encrypted.worker(*keys(encrypted, encrypted.folder / "stranger.key_secret"))
    plain = encrypted.worker()
    assert eventually(lambda: "it does not know this worker's key" in stranger.log.read_text())
    assert eventually(lambda: "this worker has no --curve-key" in plain.log.read_text())
    assert encrypted.workers() == []


def test_a_certificate_without_its_secret_is_wrong_usage(encrypted):
    worker = encrypted.worker(*keys(encrypted, encrypted.folder / "known/worker.key"))
    assert worker.wait(30) == 2
    assert "has no secret-key" in worker.log.read_text()
