// The verbs that ask the live workers of a service.
#include <string>

#include "ctl/table.h"
#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string RoundTrip(const Json& worker) {
    if (Show(worker, "outcome") != "answered") return Show(worker, "outcome");
    const std::uint64_t us = Number(worker, "round_trip_us");
    return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100) + " ms";
}

void PrintPings(std::ostream& out, const Json& workers) {
    Table table({"WORKER", "ROUND TRIP", "HOST", "PID"});
    for (const Json& worker : workers) {
        table.Add({Show(worker, "instance"), RoundTrip(worker), Show(worker, "host"),
                   Show(worker, "pid")});
    }
    table.Print(out);
}

void PrintMembers(std::ostream& out, const char* title, const Json& members) {
    if (!members.is_object() || members.empty()) return;
    out << "  " << title << '\n';
    for (const auto& item : members.items()) {
        const Json name = {{"name", item.key()}};
        out << "    " << Show(name, "name") << ' ' << Show(members, item.key()) << '\n';
    }
}

void PrintDescription(std::ostream& out, const Json& worker) {
    out << Show(worker, "instance") << " (pid " << Show(worker, "pid") << " on "
        << Show(worker, "host") << "), " << RoundTrip(worker) << '\n';
    const Json description = Member(worker, "description");
    if (!description.is_object()) return;
    out << "  plugin " << Show(description, "plugin") << ' ' << Show(description, "plugin_version")
        << ", interface " << Show(description, "abi") << ", built with "
        << Show(description, "built_with") << '\n'
        << "  worker " << Show(description, "version") << ", " << Show(description, "threads")
        << " threads, up for " << Number(description, "uptime_ms") / 1000 << " s\n";
    PrintMembers(out, "settings", Member(description, "settings"));
    PrintMembers(out, "counters", Member(description, "counters"));
}

class AskService : public Verb {
  public:
    void AddOptions(CLI::App& app) override {
        app.add_option("service", service_, "Name of the service")->required();
    }
    int Run(const Context& context) override {
        if (service_.find_first_of("/?# %") != std::string::npos || service_.empty()) {
            throw BadUsage("not a service's name: \"" + service_ + "\"");
        }
        const OpsClient client = context.Client();
        const std::string path = "/v1/services/" + service_ + "/" + name();
        const OpsAnswer answer = client.Get(path);
        const Json body = Json::parse(answer.body, nullptr, false);
        if (!body.is_object()) throw Unreachable(client.url() + " is not an ops port");
        if (answer.status != 200) {
            context.err << "holdfastctl: " << Show(body, "detail") << '\n';
            return kNotWell;
        }
        Json workers = Json::array();
        bool all_answered = true;
        for (const Json& worker : Member(body, "workers")) {
            if (!worker.is_object()) continue;
            all_answered = all_answered && Show(worker, "outcome") == "answered";
            workers.push_back(worker);
        }
        if (context.raw) {
            context.out << body.dump(2, ' ', true) << '\n';
        } else if (workers.empty()) {
            context.out << "No workers.\n";
        } else {
            Print(context.out, workers);
        }
        return workers.empty() || !all_answered ? kNotWell : kOk;
    }

  private:
    virtual void Print(std::ostream& out, const Json& workers) const = 0;

    std::string service_;
};

class Ping final : public AskService {
  public:
    const char* name() const override { return "ping"; }
    const char* help() const override { return "Round trips to the live workers of a service"; }

  private:
    void Print(std::ostream& out, const Json& workers) const override { PrintPings(out, workers); }
};

class Describe final : public AskService {
  public:
    const char* name() const override { return "describe"; }
    const char* help() const override {
        return "What the live workers of a service say of themselves: plugin, settings, counters";
    }

  private:
    void Print(std::ostream& out, const Json& workers) const override {
        for (const Json& worker : workers) PrintDescription(out, worker);
    }
};

}  // namespace

Verb& PingVerb() {
    static Ping verb;
    return verb;
}

Verb& DescribeVerb() {
    static Describe verb;
    return verb;
}

}  // namespace holdfast::ctl
