// holdfastctl: looks at a running gateway, and steers it, over its ops port.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>

#include "ctl/ops_client.h"
#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 the gateway says that it is not healthy or not ready, not every worker "
    "answers, or a file could not be written, 2 usage, 3 the gateway is not reached.";

int Main(int argc, char** argv) {
    CLI::App app(
        "Looks at a running holdfast-gateway, and steers it, over its ops port; begins plugins.",
        "holdfastctl");
    app.footer(kFooter);
    app.set_version_flag("--version", std::string(HOLDFAST_VERSION));
    app.require_subcommand(1);
    app.fallthrough();

    std::string url = "http://127.0.0.1:8081";
    unsigned timeout_ms = 5000;
    bool raw = false;
    app.add_option("--ops", url, "The ops port")
        ->type_name("URL")
        ->envname("HOLDFAST_OPS_URL")
        ->capture_default_str();
    app.add_option("--timeout-ms", timeout_ms, "For each answer")
        ->capture_default_str()
        ->check(CLI::Range(1U, 600000U));
    app.add_flag("--json", raw, "What the ops port says, for programs");

    Verb* chosen = nullptr;
    for (Verb* verb : AllVerbs()) {
        CLI::App* sub = app.add_subcommand(verb->name(), verb->help());
        verb->AddOptions(*sub);
        sub->callback([&chosen, verb] { chosen = verb; });
    }

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kOk : kUsage;
    }
    try {
        const bool colour = isatty(STDOUT_FILENO) == 1;
        return chosen->Run(
            {url, std::chrono::milliseconds(timeout_ms), raw, colour, std::cout, std::cerr});
    } catch (const BadUsage& error) {
        std::cerr << "holdfastctl: " << error.what() << '\n';
        return kUsage;
    } catch (const Unreachable& error) {
        std::cerr << "holdfastctl: " << error.what() << '\n';
        return kUnreachable;
    }
}

}  // namespace
}  // namespace holdfast::ctl

int main(int argc, char** argv) {
    return holdfast::ctl::Main(argc, argv);
}
