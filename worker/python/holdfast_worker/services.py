"""Which functions serve which services."""

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Callable, TypeVar, Union

from .reply import Result
from .request import Request

MAX_SERVICES = 64
MAX_SERVICE_NAME = 128

Handler = Callable[[Request], Union[Result, Awaitable[Result]]]
H = TypeVar("H", bound=Handler)


class Service:
    """A name and the function that answers for it."""

    __slots__ = ("name", "handler", "is_async")

    def __init__(self, name: str, handler: Callable[[Request], Any]) -> None:
        self.name = name
        self.handler = handler
        self.is_async = inspect.iscoroutinefunction(handler)


registered: dict[str, Service] = {}


def service(name: str) -> Callable[[H], H]:
    """Makes the decorated function answer the requests of that service.

    A plain function runs on one of `--threads` threads; an `async def` on the one asyncio loop that
    all of them share, as many at once as `--capacity` allows. Raises ValueError for a name that is
    taken or that no gateway would take.
    """
    if not (0 < len(name) <= MAX_SERVICE_NAME and name.isascii() and name.isprintable()):
        raise ValueError(
            f"{name!r} is not a service name of 1 to {MAX_SERVICE_NAME} ASCII " "characters"
        )

    def register(handler: H) -> H:
        if name in registered:
            other = registered[name].handler
            raise ValueError(
                f"service {name} has two handlers: {other.__module__}."
                f"{other.__qualname__} and {handler.__module__}."
                f"{handler.__qualname__}"
            )
        if len(registered) == MAX_SERVICES:
            raise ValueError(f"a worker serves at most {MAX_SERVICES} services")
        registered[name] = Service(name, handler)
        return handler

    return register
