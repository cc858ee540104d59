"""A gateway that does what a check says, over a real ROUTER on a port of its own, and the worker
process that it serves."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Sequence

import zmq

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
SERVICE = "conformance"
PATIENCE = 15.0  # for what must come
QUIET = 0.4  # for what must not come
PLENTY = 1 << 40


def load_contract() -> Any:
    """proto/envelope.proto, compiled by protoc."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["protoc", "-I", str(PROTO), f"--python_out={folder}", "envelope.proto"]
        subprocess.run(command, check=True)
        sys.path.insert(0, folder)
        import envelope_pb2

        sys.path.pop(0)
    return envelope_pb2


wire = load_contract()


class Failed(Exception):
    """What the contract asks for, and what was seen."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise Failed(what)


class Worker:
    """The process under test."""

    def __init__(self, command: Sequence[str], folder: pathlib.Path) -> None:
        self.log = folder / "worker.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def exit_code(self, patience: float = PATIENCE) -> int | None:
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class Gateway:
    """It asks who is there, welcomes one worker and pings it, unless it is told not to. Everything
    that arrives is taken while one of the waiting calls runs."""

    def __init__(self, port: int | None = None) -> None:
        self.context = zmq.Context()
        self.worker: Worker | None = None
        # How it behaves.
        self.ask_who = True
        self.welcome = True
        self.ping = True
        self.ack_goodbye = True
        self.reply_credit = PLENTY
        self.ping_interval, self.lease = 0.1, 1.0
        self.max_message, self.max_reply = 2 << 20, 1 << 20
        self.unknown = b""  # appended to whatever is sent
        # What it saw.
        self.probes = 0
        self.envelopes: list[Any] = []
        self.sizes: list[int] = []
        self.hellos: list[Any] = []
        self.replies: list[Any] = []
        self.returns: list[Any] = []
        self.pongs: list[Any] = []
        self.credits: list[tuple[int, Any]] = []  # with their session
        self.goodbyes = 0
        self.session = 0
        self._sessions = 1000
        self._id = 0
        self.sequence = 0
        self._pings = 0
        self._next_ping = 0.0
        self._peer = b""
        self._bind(port)

    @property
    def endpoint(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def restart(self) -> None:
        """As a process that has just been started: nobody is known, the port is the same."""
        self.router.close(0)
        self.session = 0
        self._bind(self.port)

    def close(self) -> None:
        self.router.close(0)
        self.context.term()

    # ---- waiting ---------------------------------------------------------------------------------

    def until(self, condition: Callable[[], Any], patience: float = PATIENCE) -> bool:
        end = time.monotonic() + patience
        while True:
            self._ping_if_due()
            self._take()
            if condition():
                return True
            if self.worker is not None and self.worker.process.poll() is not None:
                end = min(end, time.monotonic() + QUIET)  # what it had sent may still come
            if time.monotonic() >= end:
                return False
            self.router.poll(20)

    def wait(self, what: str, condition: Callable[[], Any], patience: float = PATIENCE) -> None:
        expect(self.until(condition, patience), f"not within {patience:.0f} s: {what}")

    def idle(self, seconds: float = QUIET) -> None:
        self.until(lambda: False, seconds)

    def wait_welcomed(self) -> None:
        self.wait("a Hello, and credit after its Welcome", lambda: self.session and self.credit())

    def wait_hello(self, count: int) -> None:
        self.wait(f"Hello number {count}", lambda: len(self.hellos) >= count)

    def reply_to(self, id_: int) -> Any:
        self.wait("a Reply", lambda: self.replies_to(id_))
        return self.replies_to(id_)[0]

    def return_of(self, id_: int) -> Any:
        self.wait("a Return", lambda: [item for item in self.returns if item.id == id_])
        return next(item for item in self.returns if item.id == id_)

    # ---- looking ---------------------------------------------------------------------------------

    def replies_to(self, id_: int) -> list[Any]:
        return [reply for reply in self.replies if reply.id == id_]

    def credit(self) -> Any:
        """The last RequestCredit of the present session."""
        return next((item for at, item in reversed(self.credits) if at == self.session), None)

    def journal(self) -> list[str]:
        """What the service has noted. Needs a worker that can take one more request."""
        text = self.reply_to(self.ask("journal")).body.decode()
        return [line for line in text.split("\n") if line]

    def noted(self, word: str, id_: int) -> bool:
        return f"{word} {id_:016x}" in self.journal()

    def wait_noted(self, word: str, id_: int) -> None:
        self.wait(f"that the service notes '{word}'", lambda: self.noted(word, id_))

    # ---- sending ---------------------------------------------------------------------------------

    def request(self, text: bytes | str, **facts: Any) -> Any:
        """With the next id and sequence. Not sent yet."""
        self._id += 1
        self.sequence += 1
        body = text.encode() if isinstance(text, str) else text
        known = {
            "id": self._id,
            "attempt": 1,
            "sequence": self.sequence,
            "timeout_ms": 20_000,
            "service": SERVICE,
            "route": "/conformance",
            "method": "POST",
            "target": "/conformance",
            "body": body,
        }
        return wire.Request(**{**known, **facts})

    def ask(self, text: bytes | str, **facts: Any) -> int:
        """Sends one request; returns its id."""
        request = self.request(text, **facts)
        self.send(requests=[request])
        return int(request.id)

    def cancel(self, id_: int, attempt: int = 1) -> None:
        self.send(cancels=[wire.Cancel(id=id_, attempt=attempt)])

    def send(self, **items: Any) -> None:
        """An Envelope in the present session, unless it names one."""
        self.send_frames(wire.Envelope(**{"session": self.session, **items}).SerializeToString())

    def send_frames(self, *frames: bytes) -> None:
        self.router.send_multipart(
            [self._peer, *frames[:-1], frames[-1] + self.unknown], zmq.NOBLOCK
        )

    # ---- parts -----------------------------------------------------------------------------------

    def _bind(self, port: int | None) -> None:
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.LINGER, 0)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.router.bind(f"tcp://127.0.0.1:{port or '*'}")
                break
            except zmq.ZMQError:  # a port is free again only some time after its socket was closed
                if time.monotonic() >= end:
                    raise
                time.sleep(0.02)
        endpoint = self.router.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()
        self.port = int(endpoint.rsplit(":", 1)[1])

    def _ping_if_due(self) -> None:
        if self.ping and self.session and time.monotonic() >= self._next_ping:
            self._next_ping = time.monotonic() + self.ping_interval
            self._pings += 1
            self.send(ping=wire.Ping(sequence=self._pings))

    def _take(self) -> None:
        while True:
            try:
                peer, *frames = self.router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            expect(len(frames) == 1, f"a message has {len(frames)} frames")
            if frames[0]:
                self._take_envelope(peer, frames[0])
            else:
                self.probes += 1
                self._peer = peer
                if self.ask_who:
                    self.send(session=0, who_are_you=wire.WhoAreYou(protocol=1))

    def _take_envelope(self, peer: bytes, data: bytes) -> None:
        envelope = wire.Envelope.FromString(data)
        self.envelopes.append(envelope)
        self.sizes.append(len(data))
        self.replies += envelope.replies
        self.returns += envelope.returns
        if envelope.HasField("pong"):
            self.pongs.append(envelope.pong)
        if envelope.HasField("request_credit"):
            self.credits.append((envelope.session, envelope.request_credit))
        if envelope.HasField("hello"):
            self.hellos.append(envelope.hello)
            self._peer = peer
            if self.welcome:
                self.say_welcome()
        if envelope.HasField("goodbye"):
            self.goodbyes += 1
            if self.ack_goodbye:
                self.send(goodbye_ack=wire.GoodbyeAck())

    def say_welcome(self) -> None:
        self._sessions += 1
        self.session = self._sessions
        self.sequence = 0
        self._next_ping = time.monotonic() + self.ping_interval
        terms = wire.Welcome(
            protocol=1,
            gateway="conformance",
            ping_interval_ms=round(self.ping_interval * 1000),
            lease_ms=round(self.lease * 1000),
            max_message_bytes=self.max_message,
            max_reply_bytes=self.max_reply,
        )
        self.send(welcome=terms, reply_credit=wire.ReplyCredit(bytes_total=self.reply_credit))
