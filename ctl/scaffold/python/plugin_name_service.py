"""The service plugin_name: greets whom the request's body names, in the words of its config."""

from holdfast_worker import Problem, Request, plugin_config, service


# As many threads as --threads call it at once. What it raises, other than Problem, is a 502 for the
# client, with the traceback in the worker's log.
@service("plugin_name")
def greet(request: Request) -> str:
    name = request.body.decode()
    if not name:
        raise Problem(400, "The body names nobody.")
    return f"{plugin_config() or 'hello'} {name}\n"
