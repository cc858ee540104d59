#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "load/flow/flow.h"
#include "load/report/describe.h"
#include "load/report/live_view.h"
#include "load/report/report.h"
#include "load/result/quantity.h"
#include "load/run/exit_code.h"
#include "load/run/outputs.h"
#include "load/run/verbs.h"
#include "load/truth/ledger_reader.h"
#include "load/truth/reconcile.h"

namespace holdfast::load {
namespace {

int ListFlows() {
    std::size_t width = 0;
    for (const ReadyFlow& flow : ReadyFlows()) width = std::max(width, flow.name.size());
    for (const ReadyFlow& flow : ReadyFlows()) {
        std::cout << flow.name << std::string(width + 2 - flow.name.size(), ' ') << flow.description
                  << '\n';
    }
    return kOk;
}

int ShowFlow(const std::string& name) {
    std::string known;
    for (const ReadyFlow& flow : ReadyFlows()) {
        if (flow.name == name) {
            std::cout << flow.yaml;
            return kOk;
        }
        known += (known.empty() ? "" : ", ") + std::string(flow.name);
    }
    throw UsageError("no ready flow is called \"" + name + "\"; there are " + known);
}

int CheckFlow(const std::string& path) {
    const Flow flow = LoadFlow(path);
    std::cout << path << ": ok: " << flow.name << ", " << flow.steps.size()
              << (flow.steps.size() == 1 ? " step, " : " steps, ") << DescribeLoad(flow.load)
              << ", " << flow.thresholds.size() << " thresholds, " << flow.trouble.size()
              << " troubles\n";
    return kOk;
}

/// "tea-250=1000000"
StockLevel ParseStock(const std::string& text) {
    const std::size_t equals = text.rfind('=');
    const auto count = equals == std::string::npos
                           ? std::nullopt
                           : ParseCount(std::string_view(text).substr(equals + 1));
    if (!count || equals == 0 || *count > std::uint64_t{StockLevel::kMost}) {
        throw UsageError("--initial-stock " + text + ": SKU=PIECES is right, as tea-250=1000000");
    }
    return {.sku = text.substr(0, equals), .stock = static_cast<std::int64_t>(*count)};
}

struct ReconcileOptions {
    std::string ledger;
    std::string database;
    std::vector<std::string> initial_stock;
    std::string json;
};

int ReconcileWith(const ReconcileOptions& options) {
    std::vector<StockLevel> before;
    for (const std::string& text : options.initial_stock) before.push_back(ParseStock(text));
    const auto database = OpenOrdersDatabase(options.database);
    const Reconciliation result = Reconcile(options.ledger, *database, before);
    std::cout << ToText(result);
    if (!options.json.empty()) {
        std::ofstream file(options.json);
        file << ToJson(result);
        file.close();
        if (!file) {
            std::cerr << "holdfast-load: " << options.json << ": was not written\n";
            return kIncomplete;
        }
    }
    if (result.Differences() > 0) return kDifferences;
    return result.incomplete.empty() ? kOk : kIncomplete;
}

}  // namespace

Verb AddFlows(CLI::App& verb) {
    const auto name = std::make_shared<std::string>();
    CLI::App* show = verb.add_subcommand("show", "Prints a ready flow, to start one's own from");
    show->add_option("name", *name)->required()->type_name("NAME");
    return [name, show] { return show->parsed() ? ShowFlow(*name) : ListFlows(); };
}

Verb AddCheck(CLI::App& verb) {
    const auto path = std::make_shared<std::string>();
    verb.add_option("flow", *path, "A flow file, or the name of a ready flow")
        ->required()
        ->type_name("FLOW");
    return [path] { return CheckFlow(*path); };
}

Verb AddReconcile(CLI::App& verb) {
    const auto options = std::make_shared<ReconcileOptions>();
    verb.add_option("--ledger", options->ledger, "As run --ledger wrote it")
        ->required()
        ->type_name("FILE");
    verb.add_option("--db", options->database, "The orders: sqlite:///PATH; opened for reading")
        ->required()
        ->type_name("URL");
    verb.add_option("--initial-stock", options->initial_stock,
                    "SKU=PIECES in the database before its first order, when the ledger does not "
                    "have the stock (run --db); may be given again")
        ->allow_extra_args(false);
    verb.add_option("--json", options->json, "The same for programs")->type_name("FILE");
    return [options] { return ReconcileWith(*options); };
}

Verb AddCompare(CLI::App& verb) {
    const auto paths = std::make_shared<std::pair<std::string, std::string>>();
    verb.add_option("before", paths->first, "A result, as run --json wrote it")
        ->required()
        ->type_name("A.json");
    verb.add_option("after", paths->second, "Another one")->required()->type_name("B.json");
    return [paths] {
        Compare(ReadResult(paths->first), ReadResult(paths->second), std::cout,
                WantsColour(STDOUT_FILENO));
        return kOk;
    };
}

Verb AddReport(CLI::App& verb) {
    struct Paths {
        std::string result;
        std::string html;
        std::string csv;
        std::string junit;
    };
    const auto paths = std::make_shared<Paths>();
    verb.add_option("result", paths->result, "A result, as run --json wrote it")
        ->required()
        ->type_name("RESULT.json");
    verb.add_option("--html", paths->html, "The report, one file")->type_name("FILE");
    verb.add_option("--csv", paths->csv, "Every second of every step")->type_name("FILE");
    verb.add_option("--junit", paths->junit, "The thresholds, for CI servers")->type_name("FILE");
    return [paths] {
        const Result result = ReadResult(paths->result);
        Outputs outputs;
        outputs.AddHtml(paths->html);
        outputs.AddCsv(paths->csv);
        outputs.AddJunit(paths->junit);
        if (outputs.paths().empty()) PrintTable(result, std::cout, WantsColour(STDOUT_FILENO));
        const auto failures = outputs.Write(result);
        for (const std::string& line : failures) std::cerr << "holdfast-load: " << line << '\n';
        return failures.empty() ? kOk : kIncomplete;
    };
}

}  // namespace holdfast::load
