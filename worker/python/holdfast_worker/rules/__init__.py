"""Every rule of the wire contract that a worker keeps, without sockets, threads or a clock.

The same rules as worker/core's in C++, with the same names. Times are seconds of time.monotonic(),
passed in by the caller.
"""
