"""Carries bytes between the gateways and the rules, and requests between those and the lanes."""

from __future__ import annotations

import collections
import dataclasses
import logging
import os
import pathlib
import socket
import time
from typing import Sequence

import zmq

from . import encoding
from . import envelope_pb2 as wire
from .address import Address, Resolver
from .decoding import Incoming, Malformed, Reason, Refusal, decode
from .curve_keys import CurveKeys
from .gateway_socket import Change, GatewaySocket, Received
from .lanes import AsyncLane, Canceller, Inbox, ThreadLane
from .request import Request
from .rules.link import Link, Outgoing
from .rules.record import Lane
from .rules.worker import DrainState, Worker, WorkerOptions
from .services import Service
from .text import printable
from .version import VERSION

log = logging.getLogger("holdfast_worker")

MESSAGES_PER_TURN = 64
REOPEN_AFTER = 1.0
TOUCH_INTERVAL = 1.0
LINGER_MS = 1000


@dataclasses.dataclass(eq=False)
class Connection:
    """One gateway address."""

    link: Link
    endpoint: str
    socket: GatewaySocket | None  # none while a broken one waits to be replaced
    blocked: bool = False  # this turn it did not take its envelope
    reopen_at: float = 0.0
    wanted: bool = True  # configured, or still resolved
    was_in_session: bool = False
    gateway: str = ""
    refusal: str = ""


class Loop:
    """Never calls a handler, so that pings are answered whatever a handler does: as long as it
    lets go of the interpreter's lock.

    Thread: the one that calls run. request_drain: any, and signal handlers.
    """

    def __init__(
        self,
        gateways: Sequence[Address],
        rules: WorkerOptions,
        services: dict[str, Service],
        threads: int,
        module: str,
        health_file: str = "",
        curve: CurveKeys | None = None,
    ) -> None:
        self._curve = curve
        self._instance = os.urandom(8).hex()
        self._services = services
        self._threads_count = threads
        self._module = module
        self._health_file = health_file
        self._inbox = Inbox()
        canceller = Canceller()
        self._threads = ThreadLane(threads, self._inbox, canceller)
        self._async = AsyncLane(self._inbox, canceller)
        self._lane_of: dict[str, Lane] = {}
        for name, service in services.items():
            self._lane_of[name] = self._threads
            if service.is_async:
                self._lane_of[name] = self._async
        self._rules = rules
        self._worker = Worker(rules, (self._threads, self._async), encoding.encode_failure)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._connections: dict[Link, Connection] = {}
        self._fixed = {address.endpoint for address in gateways if address.numeric}
        names = [address for address in gateways if not address.numeric]
        self._resolver = Resolver(names, self._inbox.wake)
        self._malformed: collections.Counter[Reason] = collections.Counter()
        self._next_touch = 0.0
        self._drain_requested = False
        now = time.monotonic()
        for endpoint in sorted(self._fixed):
            self._connect(endpoint, now)

    def request_drain(self) -> None:
        self._drain_requested = True
        self._inbox.wake()

    def run(self) -> DrainState:
        """Serves until a drain has ended: DRAINED or TIMED_OUT. In the latter case what was
        unfinished has been cancelled."""
        worker = self._worker
        while True:
            # Once, before anything is read: after a stop of the process it is too early, never too
            # late.
            now = time.monotonic()
            worker.begin_turn(now)
            self._inbox.clear()
            if self._drain_requested:
                worker.begin_drain(now)
            endpoints = self._resolver.take_change()
            if endpoints is not None:
                self._apply_resolved(endpoints, now)
            for connection in self._connections.values():
                self._receive(connection, now)
            for record, verdict, answer in self._inbox.take_all():
                if answer is not None:
                    worker.on_finished(record, answer)
                else:
                    worker.on_not_started(record, verdict)
            if now >= worker.next_tick:
                self._tick(now)
            for connection in self._connections.values():
                connection.blocked = False
            worker.flush(self._transmit, now)
            for connection in self._connections.values():
                self._note_session(connection)
            if worker.drain in (DrainState.DRAINED, DrainState.TIMED_OUT):
                return self._finish()
            self._sleep()

    def handlers_end(self, patience: float) -> bool:
        """Waits, after run, until no handler runs; False when some do not return in time."""
        until = time.monotonic() + patience
        while self._threads.any_busy() or self._async.any_busy():
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        return True

    def _finish(self) -> DrainState:
        if self._worker.drain is DrainState.TIMED_OUT:
            self._worker.abandon()
        log.info("counted since the start: %s", self._worker.counters)
        self._resolver.stop()
        for connection in self._connections.values():
            if connection.socket is not None:
                connection.socket.close(LINGER_MS)
        self._context.term()
        return self._worker.drain

    def _sleep(self) -> None:
        """Only a connection that could not take its own envelope is waited for to take more: one
        that is not there must not keep the loop awake beside one that is idle."""
        timeout = self._worker.next_tick - time.monotonic()
        if timeout <= 0:
            return
        items: list[tuple[zmq.Socket[bytes] | int, int]] = [(self._inbox.fd, zmq.POLLIN)]
        for connection in self._connections.values():
            if connection.socket is not None:
                events = zmq.POLLIN | (zmq.POLLOUT if connection.blocked else 0)
                items.append((connection.socket.dealer, events))
        zmq.zmq_poll(items, max(1, round(timeout * 1000)))

    def _connect(self, endpoint: str, now: float) -> None:
        log.info("connecting to gateway %s", endpoint)
        link = self._worker.sessions.add(now)
        self._connections[link] = Connection(link, endpoint, self._open(endpoint))

    def _open(self, endpoint: str) -> GatewaySocket:
        return GatewaySocket(self._context, endpoint, self._curve)

    def _apply_resolved(self, endpoints: frozenset[str], now: float) -> None:
        known = set()
        for connection in self._connections.values():
            known.add(connection.endpoint)
            connection.wanted = connection.endpoint in endpoints | self._fixed
        for endpoint in sorted(endpoints - known):
            self._connect(endpoint, now)

    def _receive(self, connection: Connection, now: float) -> None:
        for _ in range(MESSAGES_PER_TURN):
            if connection.socket is None:
                return
            received = connection.socket.receive()
            if received is Received.NOTHING:
                return
            try:
                if received is Received.BAD_FRAMES:
                    raise Malformed(Reason.FRAMES)
                self._apply(connection, decode(received), now)
            except Malformed as malformed:
                self._break(connection, malformed.reason, now)

    def _apply(self, connection: Connection, incoming: Incoming, now: float) -> None:
        worker, link, session = self._worker, connection.link, incoming.session
        if incoming.who_are_you:
            worker.sessions.on_who_are_you(link, now)
        if incoming.refused is not None:
            self._note_refusal(connection, incoming.refused)
            worker.sessions.on_refused(link, now)
        if incoming.welcome is not None:
            connection.gateway = incoming.gateway
            connection.refusal = ""
            worker.sessions.on_welcome(link, session, incoming.welcome, now)
        if incoming.ping is not None:
            worker.sessions.on_ping(link, session, incoming.ping, now)
        if incoming.reply_credit is not None:
            worker.on_reply_credit(link, session, incoming.reply_credit)
        for request, size in incoming.requests:
            timeout = request.timeout_ms / 1000
            facts = (request.id, request.attempt, request.sequence, timeout, size)
            service = self._services.get(request.service)
            lane = self._lane_of.get(request.service)
            payload = (service, Request(request, now + timeout))
            if not worker.on_request(link, session, facts, lane, payload, now):
                raise Malformed(Reason.OUT_OF_ORDER)
        for id_, attempt in incoming.cancels:
            worker.on_cancel(link, session, id_, attempt)
        # Last: what came with the Ack was sent before it.
        if incoming.goodbye_ack:
            worker.on_goodbye_ack(link, session)

    def _note_refusal(self, connection: Connection, refusal: Refusal) -> None:
        text = (
            f"gateway {connection.endpoint} refuses this worker: {refusal.reason} "
            f"({refusal.detail}); it speaks protocol {refusal.protocol}, "
            f"this worker {encoding.PROTOCOL}"
        )
        if connection.refusal != text:
            connection.refusal = text
            log.error("%s; trying again every %.0f s", text, self._rules.refused_retry)

    def _break(self, connection: Connection, reason: Reason, now: float) -> None:
        self._malformed[reason] += 1
        log.error(
            "gateway %s sent a malformed envelope (%s, %d so far): connecting anew",
            connection.endpoint,
            reason.value,
            self._malformed[reason],
        )
        self._worker.sessions.end(connection.link)
        if connection.socket is not None:
            connection.socket.close()
        connection.socket = None
        connection.reopen_at = now + REOPEN_AFTER

    def _on_no_handshake(self, connection: Connection, now: float) -> None:
        """One line until the gateway's answer is another one."""
        if connection.socket is not None:
            connection.socket.close()
        connection.socket = None
        connection.reopen_at = now + REOPEN_AFTER
        reason = (
            "it does not know this worker's key, has another key than --curve-gateway-key says, or "
            "its leg is plain"
            if self._curve
            else "its leg is encrypted, and this worker has no --curve-key"
        )
        if connection.refusal != reason:
            connection.refusal = reason
            log.error("gateway %s refused the handshake: %s", connection.endpoint, reason)

    def _tick(self, now: float) -> None:
        for connection in list(self._connections.values()):
            link = connection.link
            if connection.socket is None:
                if now >= connection.reopen_at:
                    connection.socket = self._open(connection.endpoint)
            else:
                changes = connection.socket.take_changes()
                if Change.DISCONNECTED in changes:
                    self._worker.sessions.on_connection_lost(link, now)
                if Change.REFUSED in changes:
                    self._on_no_handshake(connection, now)
            # An address that is no longer resolved goes once nothing is spoken there any more.
            if not connection.wanted and not link.in_session():
                log.info("gateway %s is no longer resolved: closing", connection.endpoint)
                self._worker.sessions.remove(link)
                if connection.socket is not None:
                    connection.socket.close()
                del self._connections[link]
        self._worker.tick(now)
        if self._health_file and now >= self._next_touch and self._worker.sessions.any():
            self._next_touch = now + TOUCH_INTERVAL
            try:
                pathlib.Path(self._health_file).touch()
            except OSError as error:
                log.warning("cannot touch the health file: %s", error)

    def _note_session(self, connection: Connection) -> None:
        in_session = connection.link.in_session()
        if in_session == connection.was_in_session:
            return
        connection.was_in_session = in_session
        if in_session:
            log.info(
                "gateway %s (%s) welcomes this worker", connection.endpoint, connection.gateway
            )
        else:
            log.warning(
                "the session with gateway %s (%s) is over: its requests are cancelled",
                connection.endpoint,
                connection.gateway,
            )

    def _transmit(self, link: Link, out: Outgoing) -> bool:
        connection = self._connections[link]
        if connection.socket is not None:
            sent = connection.socket.send(self._hello(link) if out.hello else encoding.encode(out))
            connection.blocked = not sent
            return sent
        connection.blocked = True
        return False

    def _hello(self, link: Link) -> bytes:
        envelope = wire.Envelope()
        hello = envelope.hello
        hello.protocol = encoding.PROTOCOL
        hello.instance = f"{self._instance}-{link.number}"
        hello.version = f"{VERSION} (Python)"
        hello.threads = self._threads_count
        hello.pid = os.getpid()
        hello.host = printable(socket.gethostname(), 128)
        for name in self._services:
            hello.services.add(name=name, plugin=self._module, plugin_version=VERSION)
        encoded: bytes = envelope.SerializeToString()
        return encoded
