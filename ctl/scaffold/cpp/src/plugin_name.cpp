#include "src/plugin_name.h"

PluginName::PluginName(const holdfast::worker::Config& config) {
    greeting_ = config.Text("greeting");
}

PluginName::Reply PluginName::Handle(const Request& request) {
    if (request.body().empty()) {
        return {.status = 400, .headers = {{"content-type", "text/plain"}}, .body = "who?\n"};
    }
    return {.headers = {{"content-type", "text/plain"}},
            .body = greeting_ + " " + std::string(request.body()) + "\n"};
}

HOLDFAST_PLUGIN(PluginName, "plugin_name", PLUGIN_VERSION, "plugin_name");
