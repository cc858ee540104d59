#include "c_plugin.h"

#include <stdlib.h>
#include <string.h>

struct instance {
    const holdfast_host_v1* host;
    holdfast_span config;
};

static void* Create(const holdfast_host_v1* host, holdfast_span config, char* error,
                    size_t error_size) {
    struct instance* made = malloc(sizeof(*made));
    if (made == NULL) {
        strncpy(error, "out of memory", error_size);
        return NULL;
    }
    made->host = host;
    made->config = config;
    return made;
}

static void Handle(void* raw, const holdfast_request_v1* request, holdfast_responder responder) {
    const struct instance* self = raw;
    holdfast_field header;
    holdfast_reply_v1 reply;
    header.name.data = "x-config";
    header.name.size = 8;
    header.value = self->config;
    memset(&reply, 0, sizeof(reply));
    reply.size = sizeof(reply);
    reply.status = 200;
    reply.headers.items = &header;
    reply.headers.count = 1;
    if (HOLDFAST_HAS(request, holdfast_request_v1, service)) reply.body = request->service;
    (void)self->host->reply(self->host, responder, &reply);
}

static void Destroy(void* raw) {
    free(raw);
}

static const char* const kServices[] = {"c"};

static const holdfast_plugin_v1 kPlugin = {.abi = HOLDFAST_ABI_INIT,
                                           .size = sizeof(holdfast_plugin_v1),
                                           .name = "c",
                                           .version = "1",
                                           .services = kServices,
                                           .service_count = 1,
                                           .create = Create,
                                           .handle = Handle,
                                           .destroy = Destroy};

const holdfast_plugin_v1* CPlugin(void) {
    return &kPlugin;
}
