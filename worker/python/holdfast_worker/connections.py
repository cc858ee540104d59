"""The gateways' addresses, each with its socket and what was last said of it in the log."""

from __future__ import annotations

import collections
import logging
from typing import Callable, Iterator, Sequence

import zmq

from . import encoding
from .address import Address, Resolver
from .curve_keys import CurveKeys
from .decoding import Reason, Refusal
from .gateway_socket import Change, GatewaySocket
from .rules.link import Link
from .rules.sessions import Sessions

log = logging.getLogger("holdfast_worker")

REOPEN_AFTER = 1.0
LINGER_MS = 1000
# A connection on which nothing was heard for so long, or for two leases, is made anew.
SILENCE = 6.0


class Connection:
    """One gateway address. Thread: the loop's."""

    def __init__(self, link: Link, endpoint: str) -> None:
        self.link = link
        self.endpoint = endpoint
        self.socket: GatewaySocket | None = None  # none while it waits to be replaced
        self.heard = 0.0  # when an envelope came last, or the socket was opened
        self.silence = SILENCE
        self.blocked = False  # this turn it did not take its envelope
        self.reopen_at = 0.0
        self.wanted = True  # configured, or still resolved
        self.gateway = ""
        self.refusal = ""  # what was logged of it
        self._was_in_session = False

    def send(self, envelope: bytes) -> bool:
        sent = self.socket is not None and self.socket.send(envelope)
        self.blocked = not sent
        return sent

    def shut(self, reopen_at: float = 0.0) -> None:
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.reopen_at = reopen_at

    def note_refusal(self, refusal: Refusal, retry: float) -> None:
        text = (
            f"gateway {self.endpoint} refuses this worker: {refusal.reason} "
            f"({refusal.detail}); it speaks protocol {refusal.protocol}, "
            f"this worker {encoding.PROTOCOL}"
        )
        if self.refusal != text:
            self.refusal = text
            log.error("%s; trying again every %.0f s", text, retry)

    def note_no_handshake(self, encrypted: bool) -> None:
        """One line until the gateway's answer is another one."""
        reason = (
            "it does not know this worker's key, has another key than --curve-gateway-key says, or "
            "its leg is plain"
            if encrypted
            else "its leg is encrypted, and this worker has no --curve-key"
        )
        if self.refusal != reason:
            self.refusal = reason
            log.error("gateway %s refused the handshake: %s", self.endpoint, reason)

    def note_session(self) -> None:
        in_session = self.link.in_session()
        if in_session == self._was_in_session:
            return
        self._was_in_session = in_session
        if in_session:
            log.info("gateway %s (%s) welcomes this worker", self.endpoint, self.gateway)
        else:
            log.warning(
                "the session with gateway %s (%s) is over: its requests are cancelled",
                self.endpoint,
                self.gateway,
            )


class Connections:
    """Opens what is configured or resolved, reopens what was broken, closes what has gone.

    Thread: the loop's. `wake` is called on the resolver's when addresses have changed.
    """

    def __init__(
        self,
        gateways: Sequence[Address],
        sessions: Sessions,
        curve: CurveKeys | None,
        wake: Callable[[], None],
        now: float,
    ) -> None:
        self._sessions = sessions
        self._curve = curve
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._connections: dict[Link, Connection] = {}
        self._malformed: collections.Counter[Reason] = collections.Counter()
        self._fixed = {address.endpoint for address in gateways if address.numeric}
        self._resolver = Resolver([name for name in gateways if not name.numeric], wake)
        for endpoint in sorted(self._fixed):
            self._connect(endpoint, now)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections.values())

    def __getitem__(self, link: Link) -> Connection:
        return self._connections[link]

    def take_resolved(self, now: float) -> None:
        endpoints = self._resolver.take_change()
        if endpoints is None:
            return
        known = set()
        for connection in self:
            known.add(connection.endpoint)
            connection.wanted = connection.endpoint in endpoints | self._fixed
        for endpoint in sorted(endpoints - known):
            self._connect(endpoint, now)

    def break_off(self, connection: Connection, reason: Reason, now: float) -> None:
        """The gateway broke the contract."""
        self._malformed[reason] += 1
        log.error(
            "gateway %s sent a malformed envelope (%s, %d so far): connecting anew",
            connection.endpoint,
            reason.value,
            self._malformed[reason],
        )
        self._sessions.end(connection.link)
        connection.shut(now + REOPEN_AFTER)

    def tick(self, now: float) -> None:
        for connection in list(self):
            if connection.socket is None:
                if now >= connection.reopen_at:
                    self._open(connection, now)
            else:
                self._take_changes(connection, connection.socket.take_changes(), now)
            # An address that is no longer resolved goes once nothing is spoken there any more.
            if not connection.wanted and not connection.link.in_session():
                log.info("gateway %s is no longer resolved: closing", connection.endpoint)
                self._sessions.remove(connection.link)
                connection.shut()
                del self._connections[connection.link]

    def close(self) -> None:
        """What was sent last may still leave."""
        self._resolver.stop()
        for connection in self:
            if connection.socket is not None:
                connection.socket.close(LINGER_MS)
        self._context.term()

    def _take_changes(self, connection: Connection, changes: Change, now: float) -> None:
        if Change.DISCONNECTED in changes:
            self._sessions.on_connection_lost(connection.link, now)
        if Change.REFUSED in changes:
            connection.shut(now + REOPEN_AFTER)
            connection.note_no_handshake(self._curve is not None)
        elif now - connection.heard > connection.silence:
            # It may be open and yet dead: half of it is gone, or a damaged length of a frame makes
            # one side wait for bytes that never come.
            self._sessions.end(connection.link)
            connection.shut()
            self._open(connection, now)

    def _connect(self, endpoint: str, now: float) -> None:
        log.info("connecting to gateway %s", endpoint)
        connection = Connection(self._sessions.add(now), endpoint)
        self._connections[connection.link] = connection
        self._open(connection, now)

    def _open(self, connection: Connection, now: float) -> None:
        connection.socket = GatewaySocket(self._context, connection.endpoint, self._curve)
        connection.heard = now
