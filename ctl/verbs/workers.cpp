#include "ctl/verb.h"
#include "ctl/views.h"

namespace holdfast::ctl {
namespace {

class Workers final : public Verb {
  public:
    const char* name() const override { return "workers"; }
    const char* help() const override { return "Services and the workers that serve them"; }
    int Run(const Context& context) override {
        const nlohmann::ordered_json workers = context.Client().GetJson("/v1/workers");
        if (context.raw) {
            context.out << workers.dump(2, ' ', true) << '\n';
        } else {
            PrintStaleness(context.out, workers);
            PrintWorkers(context.out, workers);
        }
        return kOk;
    }
};

}  // namespace

Verb& WorkersVerb() {
    static Workers verb;
    return verb;
}

}  // namespace holdfast::ctl
