#include "src/plugin_name.h"

PluginName::PluginName(const holdfast::worker::Host& host)
    : greeting_(host.config().empty() ? "hello" : host.config()) {}

PluginName::Reply PluginName::Handle(const Request& request) {
    if (request.body().empty()) {
        return {.status = 400, .headers = {{"content-type", "text/plain"}}, .body = "who?\n"};
    }
    return {.headers = {{"content-type", "text/plain"}},
            .body = greeting_ + " " + std::string(request.body()) + "\n"};
}

HOLDFAST_PLUGIN(PluginName, "plugin_name", PLUGIN_VERSION, "plugin_name");
