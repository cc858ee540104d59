#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

class Config final : public Verb {
  public:
    const char* name() const override { return "config"; }
    const char* help() const override { return "The configuration that the gateway runs with"; }
    int Run(const Context& context) override {
        const OpsAnswer answer = context.Client().Get("/v1/config");
        if (answer.status != 200) {
            throw Unreachable(context.Client().url() + "/v1/config answers " +
                              std::to_string(answer.status));
        }
        if (context.raw) {
            context.out << nlohmann::json{{"config", answer.body}}.dump(2, ' ', true) << '\n';
        } else {
            context.out << answer.body;
        }
        return kOk;
    }
};

}  // namespace

Verb& ConfigVerb() {
    static Config verb;
    return verb;
}

}  // namespace holdfast::ctl
