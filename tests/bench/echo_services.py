"""The echo plugin in Python: as a plain function, and as an async one when asked by config."""

from holdfast_worker import Reply, Request, plugin_config, service


def answer(request: Request) -> Reply:
    return Reply(request.body, content_type=request.headers.get("content-type"))


if plugin_config() == "async":

    @service("echo")
    async def echo(request: Request) -> Reply:
        return answer(request)

else:
    service("echo")(answer)
