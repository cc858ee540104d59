"""Serves requests of a Holdfast gateway with Python functions.

    from holdfast_worker import Request, service

    @service("orders.quote")
    def quote(request: Request) -> dict[str, object]:
        return {"total": price(request.json())}

    python3 -m holdfast_worker quotes --gateway tcp://gateway:5570

docs/python.md is its guide.
"""

import os

from .reply import NotProcessed, Problem, Reply
from .request import Fields, Request
from .services import service
from .version import VERSION as __version__

__all__ = ["Fields", "NotProcessed", "Problem", "Reply", "Request", "plugin_config", "service"]


def plugin_config() -> str:
    """What --plugin-config says; empty when it says nothing. For the module, as it is imported."""
    return os.environ.get("HOLDFAST_WORKER_PLUGIN_CONFIG", "")
