#include "ctl/views.h"

#include <algorithm>
#include <string>

#include "ctl/table.h"

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

/// An array's items that are objects; anything else is not ours to print.
Json Objects(const Json& object, std::string_view key) {
    Json objects = Json::array();
    for (const Json& item : Member(object, key)) {
        if (item.is_object()) objects.push_back(item);
    }
    return objects;
}

void AddUse(Table& table, const Json& pending, const char* title, std::string_view key,
            bool bytes) {
    const Json use = Member(pending, key);
    if (!use.is_object()) return;
    const std::uint64_t used = Number(use, "used");
    const std::uint64_t limit = Number(use, "limit");
    constexpr double kMostShown = 1e6;  // whoever answers may say anything
    const double percent = 100.0 * static_cast<double>(used) / static_cast<double>(limit);
    const std::string share =
        limit == 0
            ? "-"
            : std::to_string(static_cast<std::uint64_t>(std::min(percent, kMostShown))) + "%";
    table.Add({title, bytes ? ShowBytes(used) : std::to_string(used),
               bytes ? ShowBytes(limit) : std::to_string(limit), share});
}

/// Of a worker that a supervisor restarted.
std::string LastCrash(const Json& process) {
    if (Number(process, "restarts") == 0) return "-";
    return Show(process, "last_crash") + ", " +
           std::to_string(Number(process, "last_crash_ago_ms") / 1000) + " s ago";
}

}  // namespace

void PrintStaleness(std::ostream& out, const Json& answer) {
    const Json snapshot = Member(answer, "snapshot");
    if (!snapshot.is_object()) return;
    const std::string state = Show(snapshot, "state");
    if (state == "stale") {
        out << "The bus thread does not answer: this is " << Show(snapshot, "age_ms")
            << " ms old.\n";
    } else if (state == "none") {
        out << "The bus thread does not answer: nothing is known of workers.\n";
    }
}

void PrintWorkers(std::ostream& out, const Json& workers) {
    Table services({"SERVICE", "WORKERS", "QUEUED", "QUEUED BYTES"});
    for (const Json& service : Objects(workers, "services")) {
        services.Add({Show(service, "name"), Show(service, "workers"), Show(service, "queued"),
                      ShowBytes(Number(service, "queued_bytes"))});
    }
    Table table({"WORKER", "STATE", "SERVICES", "OUTSTANDING", "CREDIT", "RUNNING", "SENT",
                 "REPLIED", "HEARD MS", "VERSION", "HOST", "PID", "PROCESS", "RESTARTS",
                 "LAST CRASH"});
    for (const Json& worker : Objects(workers, "workers")) {
        const Json process = Member(worker, "process");
        table.Add({Show(worker, "instance"), Show(worker, "state"), Show(worker, "services"),
                   Show(worker, "outstanding"), Show(worker, "credit"), Show(worker, "running"),
                   Show(worker, "sent"), Show(worker, "replied"), Show(worker, "last_heard_ms"),
                   Show(worker, "version"), Show(worker, "host"), Show(worker, "pid"),
                   Show(process, "index"), Show(process, "restarts"), LastCrash(process)});
    }
    if (!services.empty()) {
        services.Print(out);
        out << '\n';
    }
    if (table.empty()) {
        out << "No workers.\n";
    } else {
        table.Print(out);
    }
}

void PrintLimits(std::ostream& out, const Json& pending) {
    Table table({"PENDING", "USED", "LIMIT", "SHARE"});
    AddUse(table, pending, "requests", "requests", false);
    AddUse(table, pending, "bytes", "bytes", true);
    AddUse(table, pending, "upload bytes", "upload_bytes", true);
    AddUse(table, pending, "reply bytes", "reply_bytes", true);
    table.Print(out);
    out << "connections " << Show(pending, "connections") << ", suspended "
        << Show(pending, "suspended") << '\n';
}

void PrintOldest(std::ostream& out, const Json& pending) {
    Table table({"REQUEST", "ROUTE", "STATE", "WORKER", "ATTEMPT", "AGE MS", "REMAINING MS"});
    for (const Json& request : Objects(pending, "oldest")) {
        table.Add({Show(request, "id"), Show(request, "route"), Show(request, "state"),
                   Show(request, "worker"), Show(request, "attempt"), Show(request, "age_ms"),
                   Show(request, "remaining_ms")});
    }
    if (table.empty()) {
        out << "Nothing is suspended.\n";
    } else {
        table.Print(out);
    }
}

void PrintOutcomes(std::ostream& out, const Json& pending) {
    const Json outcomes = Member(pending, "outcomes");
    Table table({"OUTCOME", "REQUESTS"});
    if (outcomes.is_object()) {
        for (const auto& item : outcomes.items()) {
            table.Add({Printable(item.key()), Show(outcomes, item.key())});
        }
    }
    table.Print(out);
}

}  // namespace holdfast::ctl
