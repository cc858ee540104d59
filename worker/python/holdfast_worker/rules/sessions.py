"""How a session with each gateway begins, lives and ends."""

from __future__ import annotations

from .counters import Counters
from .held import Held
from .link import Link, Phase, Welcome
from .record import NEVER, State


class Sessions:
    """Every link, and what its gateway says of the session itself. Owner and thread: Worker's."""

    def __init__(
        self, held: Held, counters: Counters, hello_retry: float, refused_retry: float
    ) -> None:
        self.links: list[Link] = []
        self.serving = True  # False: no new session is wanted
        self.opened = False  # since somebody last looked
        self._held = held
        self._counters = counters
        self.hello_retry = hello_retry
        self._refused_retry = refused_retry
        self._last_link = 0

    def add(self, now: float) -> Link:
        """One gateway address more."""
        self._last_link += 1
        link = Link(self._last_link, now + self.hello_retry)
        self.links.append(link)
        return link

    def remove(self, link: Link) -> None:
        self.end(link)
        self.links.remove(link)

    def any(self) -> bool:
        return any(link.in_session() for link in self.links)

    def has(self, link: Link, session: int) -> bool:
        """Whether that is the link's present session. If so, its gateway lives."""
        if link.session == session and link.in_session():
            link.suspect_until = NEVER
            return True
        self._counters.items_of_other_session += 1
        return False

    def check_leases(self, now: float) -> None:
        for link in self.links:
            if link.in_session() and not link.lease.holds(now):
                self._counters.leases_lost += 1
                self.end(link)
                self._want_hello(link, now)

    def tick(self, now: float) -> None:
        for link in self.links:
            if link.in_session() and now >= link.suspect_until:
                self._counters.gateways_lost += 1
                self.end(link)
                self._want_hello(link, now)
            elif not link.in_session() and now >= link.next_hello:
                self._want_hello(link, now)

    def on_who_are_you(self, link: Link, now: float) -> None:
        # The gateway asks once for the probe and once more for whatever came before our Hello: one
        # answer is enough, a second one would open a second session.
        waits = link.phase is Phase.HELLO_SAID or link.phase is Phase.REFUSED
        if waits and now < link.next_hello:
            return
        if link.in_session():
            self._counters.gateways_lost += 1
            self.end(link)
        self._want_hello(link, now)

    def on_welcome(self, link: Link, session: int, welcome: Welcome, now: float) -> None:
        if link.in_session():
            self.end(link)
        link.reset_session()
        link.phase = Phase.OPEN
        link.hello_wanted = False
        link.session = session
        link.terms = welcome
        link.lease.until = now + welcome.lease
        link.credit.last_received = now
        link.goodbye_wanted = not self.serving
        self.opened = self._held.changed = True
        self._counters.sessions_opened += 1

    def on_refused(self, link: Link, now: float) -> None:
        if link.in_session():
            self.end(link)
        link.phase = Phase.REFUSED
        link.hello_wanted = False
        link.next_hello = now + self._refused_retry

    def on_ping(self, link: Link, session: int, sequence: int, now: float) -> None:
        if self.has(link, session):
            link.lease.until = now + link.terms.lease
            link.pong_wanted = sequence

    def on_connection_lost(self, link: Link, now: float) -> None:
        """The connection was closed. Traffic that comes nevertheless (of a newer one) proves
        life."""
        if link.in_session():
            link.suspect_until = now + link.terms.ping_interval * 1.25
        elif not link.hello_wanted:
            link.phase = Phase.SILENT  # what was said to that connection has no answer now
            link.next_hello = now + self.hello_retry

    def leave(self) -> None:
        """Goodbye to every gateway."""
        self.serving = False
        for link in self.links:
            link.hello_wanted = False
            link.goodbye_wanted = link.in_session()

    def end(self, link: Link) -> None:
        """What was not started is dropped, what runs is cancelled, replies are forgotten."""
        link.lease.until = -NEVER
        for record in list(link.records.values()):
            if record.state is State.REPLYING:
                self._counters.replies_of_lost_session += 1
                self._held.forget(link, record)
            elif self._held.withdraw(record):
                self._counters.dropped_lease_lost += 1
                self._held.forget(link, record)
            else:
                self._held.orphan(record)
                record.cancel()
        link.reset_session()
        link.phase = Phase.SILENT
        link.hello_wanted = False
        self._held.changed = True

    def _want_hello(self, link: Link, now: float) -> None:
        if self.serving:
            link.phase = Phase.HELLO_SAID
            link.hello_wanted = True
            link.next_hello = now + self.hello_retry
