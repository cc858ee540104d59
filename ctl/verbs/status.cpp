#include <chrono>
#include <thread>

#include "ctl/table.h"
#include "ctl/verb.h"
#include "ctl/views.h"

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string Coloured(const Context& context, const std::string& text, bool good) {
    if (!context.colour) return text;
    return (good ? "\x1b[32m" : "\x1b[31m") + text + "\x1b[0m";
}

class Status final : public Verb {
  public:
    const char* name() const override { return "status"; }
    const char* help() const override {
        return "Health, readiness, what is pending, outcomes and workers";
    }
    void AddOptions(CLI::App& app) override {
        app.add_option("--watch", watch_s_, "Again every N seconds, until Ctrl-C")
            ->type_name("N")
            ->check(CLI::Range(0.1, 86400.0));
        app.add_option("--times", times_, "With --watch: end after so many")
            ->type_name("N")
            ->check(CLI::Range(1U, 1000000U));
    }
    int Run(const Context& context) override {
        if (watch_s_ == 0) return Once(context);
        int code = kOk;
        for (unsigned shown = 0; times_ == 0 || shown < times_; ++shown) {
            if (shown > 0) std::this_thread::sleep_for(std::chrono::duration<double>(watch_s_));
            if (context.colour) context.out << "\x1b[H\x1b[2J";
            // A gateway that restarts is what one watches for.
            try {
                code = Once(context);
            } catch (const Unreachable& error) {
                context.err << "holdfastctl: " << error.what() << '\n';
                code = kUnreachable;
            }
            context.out << std::flush;
        }
        return code;
    }

  private:
    int Once(const Context& context) const {
        int health_status = 0;
        int ready_status = 0;
        const Json health = context.Client().GetJson("/healthz", &health_status);
        const Json ready = context.Client().GetJson("/readyz", &ready_status);
        const Json pending = context.Client().GetJson("/v1/pending");
        const Json workers = context.Client().GetJson("/v1/workers");
        const bool well = health_status == 200 && ready_status == 200;
        if (context.raw) {
            const Json all = {
                {"health", health}, {"ready", ready}, {"pending", pending}, {"workers", workers}};
            context.out << all.dump(2, ' ', true) << '\n';
            return well ? kOk : kNotWell;
        }
        std::ostream& out = context.out;
        out << "gateway " << Show(health, "instance") << ", version " << Show(health, "version")
            << ", at " << context.Client().url() << '\n';
        out << "health  " << Coloured(context, Show(health, "status"), health_status == 200)
            << Loops(health) << '\n';
        out << "ready   " << Coloured(context, Show(ready, "status"), ready_status == 200);
        if (ready_status != 200) out << ": " << Show(ready, "reasons");
        out << "\n\n";
        PrintStaleness(out, workers);
        PrintLimits(out, pending);
        out << '\n';
        PrintOutcomes(out, pending);
        out << '\n';
        PrintWorkers(out, workers);
        return well ? kOk : kNotWell;
    }

    static std::string Loops(const Json& health) {
        std::string text;
        for (const Json& loop : Member(health, "loops")) {
            if (!loop.is_object()) continue;
            text += (text.empty() ? " (lag " : ", ") + Show(loop, "name") + " " +
                    Show(loop, "lag_ms") + " ms";
        }
        return text.empty() ? text : text + ")";
    }

    double watch_s_ = 0;
    unsigned times_ = 0;
};

}  // namespace

Verb& StatusVerb() {
    static Status verb;
    return verb;
}

}  // namespace holdfast::ctl
