#include "ctl/table.h"
#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

class Health final : public Verb {
  public:
    const char* name() const override { return "health"; }
    const char* help() const override { return "Healthy and ready? One line, and the exit code"; }
    int Run(const Context& context) override {
        int health_status = 0;
        int ready_status = 0;
        const Json health = context.Client().GetJson("/healthz", &health_status);
        const Json ready = context.Client().GetJson("/readyz", &ready_status);
        const bool well = health_status == 200 && ready_status == 200;
        if (context.raw) {
            const Json both = {{"health", health}, {"ready", ready}};
            context.out << both.dump(2, ' ', true) << '\n';
        } else {
            context.out << "health " << Show(health, "status") << ", " << Show(ready, "status");
            if (ready_status != 200) context.out << ": " << Show(ready, "reasons");
            context.out << '\n';
        }
        return well ? kOk : kNotWell;
    }
};

}  // namespace

Verb& HealthVerb() {
    static Health verb;
    return verb;
}

}  // namespace holdfast::ctl
