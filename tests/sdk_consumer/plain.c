#include <holdfast/worker/plugin.h>
#include <string.h>

/* Answers the request's body. The instance is the host itself: there is nothing else to keep. */
static void* Create(const holdfast_host_v1* host, holdfast_span config, char* error,
                    size_t error_size) {
    union {
        const holdfast_host_v1* host;
        void* instance;
    } pointer;
    (void)config;
    (void)error;
    (void)error_size;
    pointer.host = host;
    return pointer.instance;
}

static void Handle(void* instance, const holdfast_request_v1* request,
                   holdfast_responder responder) {
    const holdfast_host_v1* host = instance;
    holdfast_reply_v1 reply;
    memset(&reply, 0, sizeof(reply));
    reply.size = sizeof(reply);
    reply.status = 200;
    reply.body = request->body;
    (void)host->reply(host, responder, &reply);
}

static void Destroy(void* instance) {
    (void)instance;
}

const holdfast_plugin_v1* holdfast_plugin(void) {
    static const char* const services[] = {"plain"};
    static const holdfast_plugin_v1 plugin = {
        .abi = HOLDFAST_ABI_INIT,
        .size = sizeof(holdfast_plugin_v1),
        .name = "plain",
        .version = "1",
        .services = services,
        .service_count = 1,
        .create = Create,
        .handle = Handle,
        .destroy = Destroy,
    };
    return &plugin;
}
