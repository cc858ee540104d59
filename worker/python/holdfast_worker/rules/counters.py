"""What happened to requests that did not simply run and get answered."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Counters:
    received: int = 0
    finished: int = 0
    dropped_expired: int = 0
    dropped_cancelled: int = 0
    dropped_lease_lost: int = 0
    returned_stuck: int = 0
    returned_draining: int = 0
    returned_no_service: int = 0
    returned_over_credit: int = 0
    replies_cancelled: int = 0
    replies_of_lost_session: int = 0
    replies_too_large: int = 0
    cancels_unknown: int = 0
    items_of_other_session: int = 0
    duplicate_ids: int = 0
    sessions_opened: int = 0
    leases_lost: int = 0
    gateways_lost: int = 0

    def __str__(self) -> str:
        """Those that are not 0, as "received=7 finished=6 ..."; "nothing" when all are."""
        counted = (f"{name}={n}" for name, n in dataclasses.asdict(self).items() if n)
        return " ".join(counted) or "nothing"
