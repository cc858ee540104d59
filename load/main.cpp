// holdfast-load: loads an order flow by the clock, checks every answer, and reports.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "load/engine/engine.h"
#include "load/flow/flow.h"
#include "load/report/report.h"
#include "load/run/exit_code.h"
#include "load/run/verbs.h"
#include "load/trouble/process_ref.h"
#include "load/truth/ledger_reader.h"
#include "load/truth/sqlite.h"

namespace holdfast::load {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 internal failure, 2 usage (also a wrong flow, ledger or result file),\n"
    "3 the target or the database is not reached, 4 reconcile found differences, 5 what was "
    "measured or\nwritten is not whole, 99 a threshold failed, 130 interrupted.\n"
    "docs/load.md describes all of it.";

int Complain(const std::string& line, int code) {
    std::cerr << "holdfast-load: " << line << '\n';
    return code;
}

int RunVerb(const Verb& verb) {
    try {
        return verb();
    } catch (const UsageError& error) {
        return Complain(error.what(), kUsage);
    } catch (const FlowError& error) {
        return Complain(error.what(), kUsage);
    } catch (const LimitError& error) {
        return Complain(error.what(), kUsage);
    } catch (const TroubleError& error) {
        return Complain(error.what(), kUsage);
    } catch (const ResultError& error) {
        return Complain(error.what(), kUsage);
    } catch (const LedgerError& error) {
        return Complain(error.what(), kUsage);
    } catch (const TargetError& error) {
        return Complain(error.what(), kUnreachable);
    } catch (const DatabaseError& error) {
        return Complain(error.what(), kUnreachable);
    } catch (const std::exception& error) {
        return Complain(error.what(), kInternal);
    }
}

int Main(int argc, char** argv) {
    CLI::App app("Loads an order flow by the clock, checks every answer, and reports.",
                 "holdfast-load");
    app.footer(kFooter);
    app.set_version_flag("--version", std::string(HOLDFAST_VERSION));
    app.require_subcommand(1);

    struct Known {
        const char* name;
        const char* help;
        Verb (*add)(CLI::App&);
    };
    constexpr Known kVerbs[] = {
        {"run", "Runs a flow against a target", AddRun},
        {"flows", "Lists the ready flows; flows show NAME prints one", AddFlows},
        {"check", "Reads a flow file and says whether it is right", AddCheck},
        {"reconcile", "Compares what clients were told with the database", AddReconcile},
        {"compare", "Prints two results side by side", AddCompare},
        {"report", "Makes reports of a result", AddReport},
    };
    Verb chosen;
    for (const Known& known : kVerbs) {
        CLI::App* verb = app.add_subcommand(known.name, known.help);
        Verb run = known.add(*verb);
        verb->callback([&chosen, run] { chosen = run; });
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return Complain(std::string(error.what()) + " (--help lists what there is)", kUsage);
    }
    return RunVerb(chosen);
}

}  // namespace
}  // namespace holdfast::load

int main(int argc, char** argv) {
    return holdfast::load::Main(argc, argv);
}
