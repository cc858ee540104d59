#include <holdfast/worker/plugin.hpp>

namespace {

/// The smallest plugin: answers the body back, with its content type.
class Echo : public holdfast::worker::Plugin {
    Reply Handle(const Request& request) override {
        Reply reply{.body = std::string(request.body())};
        if (auto type = request.Header("content-type")) {
            reply.headers.emplace_back("content-type", *type);
        }
        return reply;
    }
};

}  // namespace

HOLDFAST_PLUGIN(Echo, "echo", HOLDFAST_PLUGIN_VERSION, "echo");
