#include "ctl/verb.h"
#include "ctl/views.h"

namespace holdfast::ctl {
namespace {

class Pending final : public Verb {
  public:
    const char* name() const override { return "pending"; }
    const char* help() const override { return "What is held against its limits, and the oldest"; }
    int Run(const Context& context) override {
        const nlohmann::ordered_json pending = context.Client().GetJson("/v1/pending");
        if (context.raw) {
            context.out << pending.dump(2, ' ', true) << '\n';
            return kOk;
        }
        PrintStaleness(context.out, pending);
        PrintLimits(context.out, pending);
        context.out << '\n';
        PrintOldest(context.out, pending);
        return kOk;
    }
};

}  // namespace

Verb& PendingVerb() {
    static Pending verb;
    return verb;
}

}  // namespace holdfast::ctl
