"""Each rule of proto/README.md that a worker keeps, as a check with a name.

A check gets a gateway whose worker has just been started, and raises Failed. `section` is the
contract's; `gateway` what the gateway does from the beginning; `busy` that the check needs a worker
that can be kept from starting requests (--at-once).
"""

from . import sessions, requests, credits, life, limits  # in the order of the contract
from .check import CHECKS, Check

__all__ = ["CHECKS", "Check", "credits", "life", "limits", "requests", "sessions"]
