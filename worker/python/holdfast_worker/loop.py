"""Carries bytes between the gateways and the rules, and requests between those and the lanes."""

from __future__ import annotations

import logging
import os
import pathlib
import socket
import time
from typing import Sequence

import zmq

from . import encoding
from . import envelope_pb2 as wire
from .address import Address
from .connections import SILENCE, Connection, Connections
from .curve_keys import CurveKeys
from .decoding import Incoming, Malformed, Reason, decode
from .gateway_socket import Received
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
TOUCH_INTERVAL = 1.0


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
        self._connections = Connections(
            gateways, self._worker.sessions, curve, self._inbox.wake, time.monotonic()
        )
        self._next_touch = 0.0
        self._drain_requested = False

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
            self._connections.take_resolved(now)
            for connection in self._connections:
                self._receive(connection, now)
            for record, verdict, answer in self._inbox.take_all():
                if answer is not None:
                    worker.on_finished(record, answer)
                else:
                    worker.on_not_started(record, verdict)
            if now >= worker.next_tick:
                self._tick(now)
            for connection in self._connections:
                connection.blocked = False
            worker.flush(self._transmit, now)
            for connection in self._connections:
                connection.note_session()
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
        self._connections.close()
        return self._worker.drain

    def _sleep(self) -> None:
        """Only a connection that could not take its own envelope is waited for to take more: one
        that is not there must not keep the loop awake beside one that is idle."""
        timeout = self._worker.next_tick - time.monotonic()
        if timeout <= 0:
            return
        items: list[tuple[zmq.Socket[bytes] | int, int]] = [(self._inbox.fd, zmq.POLLIN)]
        for connection in self._connections:
            if connection.socket is not None:
                events = zmq.POLLIN | (zmq.POLLOUT if connection.blocked else 0)
                items.append((connection.socket.dealer, events))
        zmq.zmq_poll(items, max(1, round(timeout * 1000)))

    def _receive(self, connection: Connection, now: float) -> None:
        for _ in range(MESSAGES_PER_TURN):
            if connection.socket is None:
                return
            received = connection.socket.receive()
            if received is Received.NOTHING:
                return
            connection.heard = now
            try:
                if received is Received.BAD_FRAMES:
                    raise Malformed(Reason.FRAMES)
                self._apply(connection, decode(received), now)
            except Malformed as malformed:
                self._connections.break_off(connection, malformed.reason, now)

    def _apply(self, connection: Connection, incoming: Incoming, now: float) -> None:
        worker, link, session = self._worker, connection.link, incoming.session
        if incoming.who_are_you:
            worker.sessions.on_who_are_you(link, now)
        if incoming.refused is not None:
            connection.note_refusal(incoming.refused, self._rules.refused_retry)
            worker.sessions.on_refused(link, now)
        if incoming.welcome is not None:
            connection.gateway = incoming.gateway
            connection.refusal = ""
            connection.silence = max(SILENCE, 2 * incoming.welcome.lease)
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

    def _tick(self, now: float) -> None:
        self._connections.tick(now)
        self._worker.tick(now)
        if self._health_file and now >= self._next_touch and self._worker.sessions.any():
            self._next_touch = now + TOUCH_INTERVAL
            try:
                pathlib.Path(self._health_file).touch()
            except OSError as error:
                log.warning("cannot touch the health file: %s", error)

    def _transmit(self, link: Link, out: Outgoing) -> bool:
        envelope = self._hello(link) if out.hello else encoding.encode(out)
        return self._connections[link].send(envelope)

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
