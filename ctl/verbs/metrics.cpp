#include <sstream>

#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

class Metrics final : public Verb {
  public:
    const char* name() const override { return "metrics"; }
    const char* help() const override {
        return "The metrics page, or those whose name has NAME in it";
    }
    void AddOptions(CLI::App& app) override {
        app.add_option("NAME", wanted_, "A part of the metric's name");
    }
    int Run(const Context& context) override {
        const OpsAnswer answer = context.Client().Get("/metrics");
        if (answer.status != 200 || answer.body.find("# TYPE ") == std::string::npos) {
            throw Unreachable("what answers at " + context.Client().url() +
                              " is not an ops port (/metrics has no metrics)");
        }
        bool found = false;
        std::istringstream lines(answer.body);
        for (std::string line; std::getline(lines, line);) {
            if (!wanted_.empty()) {
                const std::string name = line.substr(0, line.find_first_of("{ "));
                if (line.starts_with("#") || name.find(wanted_) == std::string::npos) continue;
            }
            found = true;
            context.out << line << '\n';
        }
        if (found) return kOk;
        context.err << "holdfastctl: no metric has \"" << wanted_ << "\" in its name\n";
        return kUsage;
    }

  private:
    std::string wanted_;
};

}  // namespace

Verb& MetricsVerb() {
    static Metrics verb;
    return verb;
}

}  // namespace holdfast::ctl
