"""python3 -m holdfast_worker MODULE --gateway tcp://HOST:PORT"""

from __future__ import annotations

import os
import sys
import time

from . import runner, supervisor
from .options import parse_options


def is_healthy(path: str) -> bool:
    fresh = 5.0
    try:
        return time.time() - os.stat(path).st_mtime < fresh
    except OSError:
        return False


def main() -> int:
    options = parse_options(sys.argv[1:])
    if options.health:
        return 0 if is_healthy(options.health_file) else 1
    if options.processes > 1 and not supervisor.is_child():
        return supervisor.supervise(options, sys.argv[1:])
    supervised = supervisor.follow_parent()
    return runner.serve(options, supervised)


if __name__ == "__main__":
    sys.exit(main())
