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
        HOLDFAST_ABI_INIT, sizeof(holdfast_plugin_v1), "plain", "1", services, 1, Create, Handle,
        Destroy};
    return &plugin;
}
