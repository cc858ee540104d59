"""What is ready for one gateway, in as few envelopes as its limits allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .link import Link, Outgoing
from .record import Record

if TYPE_CHECKING:
    from .worker import Worker

# False: nothing was sent; no connection, or its pipe is full.
Transmit = Callable[[Link, Outgoing], bool]

ENVELOPE_OVERHEAD = 256  # beside the replies and returns: session, pong, credit and framing
BATCH_BYTES = 256 << 10
ITEM_OVERHEAD = 32
# A gateway takes 4096 items in one envelope: these, and the few that come one at a time.
RETURNS_PER_ENVELOPE = 1024
REPLIES_PER_ENVELOPE = 3000


def flush_link(worker: Worker, link: Link, transmit: Transmit, now: float) -> bool:
    """True when the connection could take no more."""
    if link.hello_wanted:
        if not transmit(link, Outgoing(hello=True)):
            return True
        link.hello_wanted = False
        link.next_hello = now + worker.sessions.hello_retry
        return False
    while link.in_session():
        batch, payload = _collect_replies(link)
        worker.credit_replies(link, batch, now)
        asked = bool(batch) or link.pong_wanted != 0 or _credit_is_worth_sending(worker, link)
        if not asked and not link.returns and not link.goodbye_wanted:
            return False
        totals = (link.credit.requests.granted, link.credit.bytes.granted)
        returns = link.returns[:RETURNS_PER_ENVELOPE]
        out = Outgoing(
            session=link.session,
            goodbye=link.goodbye_wanted,
            pong=link.make_pong(now) if link.pong_wanted else None,
            credit=totals if totals != link.announced else None,
            replies=batch,
            returns=returns,
        )
        if not transmit(link, out):
            return True
        link.pong_wanted = 0
        link.goodbye_wanted = False
        link.announced = totals
        link.reply_bytes_sent += payload
        del link.returns[: len(returns)]
        for record in batch:
            worker.held.drop(link, record)
    return False


def _collect_replies(link: Link) -> tuple[list[Record], int]:
    batch: list[Record] = []
    limit = min(BATCH_BYTES, max(link.terms.max_message_bytes, ENVELOPE_OVERHEAD))
    size = ENVELOPE_OVERHEAD + len(link.returns) * ITEM_OVERHEAD
    payload, allowed = 0, link.reply_bytes_left()
    for record in link.replying.values():
        answer = record.answer
        assert answer is not None
        if payload >= allowed or len(batch) == REPLIES_PER_ENVELOPE:
            break
        bytes_ = len(answer.encoded) + ITEM_OVERHEAD
        if batch and size + bytes_ > limit:
            break
        size += bytes_
        payload += answer.payload_bytes
        batch.append(record)
    return batch, payload


def _credit_is_worth_sending(worker: Worker, link: Link) -> bool:
    requests, bytes_ = link.credit.requests, link.credit.bytes
    more = requests.granted - link.announced[0]
    more_bytes = bytes_.granted - link.announced[1]
    if more == 0 and more_bytes == 0:
        return False
    left = max(0, link.announced[0] - requests.received)
    left_bytes = max(0, link.announced[1] - bytes_.received)
    return worker.credit_due or more > left or more_bytes > left_bytes
