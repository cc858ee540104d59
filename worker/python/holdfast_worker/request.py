"""What a handler is given."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from .reply import Problem

if TYPE_CHECKING:
    import asyncio

    from . import envelope_pb2 as wire


class Fields:
    """Names with values, in the order in which they came; a name may come more than once.

    Values are bytes on the wire; here they are text in UTF-8, where other bytes stand as surrogate
    escapes, so that `value.encode("utf-8", "surrogateescape")` gives them back.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, bytes]]) -> None:
        self._items = tuple(
            (name, value.decode("utf-8", "surrogateescape")) for name, value in items
        )

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of that name."""
        return next((value for key, value in self._items if key == name), default)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self._items if key == name]

    def items(self) -> tuple[tuple[str, str], ...]:
        return self._items

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._items)

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Fields({self._items!r})"


# Guards every request's callbacks: they are few, and held for an instant.
_callbacks_lock = threading.Lock()


class Request:
    """One request. Lives as long as somebody keeps it; may be used from any thread."""

    __slots__ = ("_wire", "_deadline", "_cancelled", "_callbacks", "_fields", "_task")

    def __init__(self, wire_request: wire.Request, deadline: float) -> None:
        self._wire = wire_request
        self._deadline = deadline
        self._cancelled = False
        self._callbacks: list[Callable[[], object]] = []
        self._fields: dict[str, Fields] = {}
        self._task: asyncio.Task[None] | None = None  # of an async handler

    @property
    def correlation_id(self) -> str:
        """As in the header Holdfast-Correlation-Id that the client gets."""
        return f"{self._wire.id:016x}"

    @property
    def service(self) -> str:
        return self._wire.service

    @property
    def route(self) -> str:
        """The pattern that matched, such as /v1/orders/{id}."""
        return self._wire.route

    @property
    def method(self) -> str:
        return self._wire.method

    @property
    def target(self) -> str:
        """Path and query."""
        return self._wire.target

    @property
    def attempt(self) -> int:
        """Counts from 1. Above 1 the worker before was lost with the request, and may have processed
        it, or handed it back unstarted."""
        return self._wire.attempt

    @property
    def idempotency_key(self) -> str:
        """Empty when the client gave none."""
        return self._wire.idempotency_key

    @property
    def body(self) -> bytes:
        return self._wire.body

    @property
    def headers(self) -> Fields:
        """The client's, with lower-case names."""
        return self._named("headers")

    @property
    def parameters(self) -> Fields:
        """Of the path: {id} is `parameters["id"]`."""
        return self._named("parameters")

    @property
    def attributes(self) -> Fields:
        """What the gateway's route adds, such as an order's id."""
        return self._named("attributes")

    def json(self) -> Any:
        """The body as JSON. Raises Problem, which becomes a 400, where it is none."""
        try:
            return json.loads(self._wire.body)
        except (ValueError, RecursionError) as error:
            raise Problem(400, "The body is not JSON.", detail=str(error)) from None

    @property
    def remaining(self) -> float:
        """Seconds until the gateway stops waiting; 0 when it has."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Nobody wants the answer any more: the client has gone, the deadline has passed, or the
        gateway was lost. An async handler is cancelled by asyncio as well."""
        return self._cancelled

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """Calls it once if the request is cancelled, on a thread of its own; at once, on this one,
        if it was. It should be short, as other requests' callbacks wait for it."""
        with _callbacks_lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def wait_cancelled(self, seconds: float) -> bool:
        """Sleeps; returns True, at once, when the request is cancelled."""
        event = threading.Event()
        self.on_cancel(event.set)
        return event.wait(seconds)

    def _named(self, group: str) -> Fields:
        fields = self._fields.get(group)
        if fields is None:
            items = ((field.name, field.value) for field in getattr(self._wire, group))
            fields = self._fields[group] = Fields(items)
        return fields

    def _cancel(self) -> list[Callable[[], object]]:
        """The callbacks, which the caller calls."""
        with _callbacks_lock:
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        return callbacks
