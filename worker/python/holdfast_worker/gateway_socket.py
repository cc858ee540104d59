"""A DEALER to one gateway address."""

from __future__ import annotations

import enum

import zmq

from .curve_keys import CurveKeys
from .decoding import MAX_ENVELOPE

BUFFER_BYTES = 256 << 10
HIGH_WATER_MARK = 64


class Received(enum.Enum):
    NOTHING = "nothing"
    BAD_FRAMES = "bad frames"


class Change(enum.Flag):
    """What happened to a connection."""

    NONE = 0
    DISCONNECTED = enum.auto()
    # The handshake failed: this worker's key is not known there, or one side is encrypted and the
    # other is not. libzmq does not connect again after that.
    REFUSED = enum.auto()


REFUSALS = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
# A gateway closes without a word when its key is another one. On a plain leg that is only one that
# ends.
CURVE_REFUSALS = REFUSALS | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class GatewaySocket:
    """Thread: the loop's. Never blocks."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        keys: CurveKeys | None = None,
    ) -> None:
        dealer = context.socket(zmq.DEALER)
        for option, value in (
            (zmq.IMMEDIATE, 1),
            (zmq.PROBE_ROUTER, 1),
            (zmq.RECONNECT_IVL, 100),
            (zmq.RECONNECT_IVL_MAX, 1000),
            (zmq.CONNECT_TIMEOUT, 2000),
            (zmq.HANDSHAKE_IVL, 2000),
            (zmq.LINGER, 0),
            (zmq.MAXMSGSIZE, MAX_ENVELOPE),
            # Only against half-open TCP: liveness is the application's Ping.
            # No ZMTP heartbeats: one that meets a failing connection ends the gateway by an
            # assertion (libzmq issues 4364, 4767).
            (zmq.TCP_KEEPALIVE, 1),
            (zmq.TCP_KEEPALIVE_IDLE, 2),
            (zmq.TCP_KEEPALIVE_INTVL, 1),
            (zmq.TCP_KEEPALIVE_CNT, 3),
            # Nets behind the credits.
            (zmq.SNDHWM, HIGH_WATER_MARK),
            (zmq.RCVHWM, HIGH_WATER_MARK),
            (zmq.SNDBUF, BUFFER_BYTES),
            (zmq.RCVBUF, BUFFER_BYTES),
            (zmq.IPV6, int("[" in endpoint)),
        ):
            dealer.setsockopt(option, value)
        if keys is not None:
            dealer.curve_serverkey = keys.gateway
            dealer.curve_publickey = keys.own_public
            dealer.curve_secretkey = keys.own_secret
        self.dealer = dealer
        self._refusals = REFUSALS if keys is None else CURVE_REFUSALS
        self._monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED | self._refusals)
        dealer.connect(endpoint)

    def receive(self) -> bytes | Received:
        try:
            frames = self.dealer.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return Received.NOTHING
        return frames[0] if len(frames) == 1 and frames[0] else Received.BAD_FRAMES

    def send(self, envelope: bytes) -> bool:
        try:
            self.dealer.send(envelope, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def take_changes(self) -> Change:
        """Since the last call."""
        changes = Change.NONE
        while True:
            try:
                frames = self._monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return changes
            event = int.from_bytes(frames[0][:2], "little")
            if event == zmq.EVENT_DISCONNECTED:
                changes |= Change.DISCONNECTED
            if event & self._refusals:
                changes |= Change.REFUSED

    def close(self, linger_ms: int = 0) -> None:
        self.dealer.disable_monitor()
        self._monitor.close(0)
        self.dealer.close(linger_ms)
