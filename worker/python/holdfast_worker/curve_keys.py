"""What encrypts the leg."""

from __future__ import annotations

import dataclasses

import zmq.auth


@dataclasses.dataclass(frozen=True)
class CurveKeys:
    """Z85 keys of 40 characters. `gateway` is the public key of the gateways, all of which have the
    same."""

    gateway: bytes
    own_public: bytes
    own_secret: bytes

    @classmethod
    def read(cls, gateway_file: str, own_file: str) -> CurveKeys:
        """From certificates as `holdfastctl keygen` makes them. Raises OSError or ValueError, which
        name the file and never a key."""
        gateway, _ = zmq.auth.load_certificate(gateway_file)
        own_public, own_secret = zmq.auth.load_certificate(own_file)
        if own_secret is None:
            raise ValueError(f"{own_file}: has no secret-key: it is a certificate to give away")
        return cls(gateway, own_public, own_secret)
