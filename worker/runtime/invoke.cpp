#include "worker/runtime/invoke.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>
#include <holdfast/worker/config_error.hpp>
#include <holdfast/worker/json_value.hpp>
#include <holdfast/worker/plugin_library.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "worker/runtime/base64.h"
#include "worker/runtime/invoker.h"
#include "worker/runtime/options.h"
#include "worker/runtime/read_to_end.h"
#include "worker/runtime/request_file.h"

namespace holdfast::worker {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Invocation::Kind;

struct Named {
    std::string name;
    RequestFile request;
};

std::string ReadAll(std::istream& from, const std::string& name) {
    auto text = ReadToEnd(from);
    if (!text) throw RequestFileError(name + ": cannot be read");
    return std::move(*text);
}

/// Throws RequestFileError.
std::vector<Named> ReadRequests(const std::string& from) {
    if (from == "-") return {{"stdin", ParseRequestFile(ReadAll(std::cin, "stdin"), "stdin")}};
    std::vector<std::string> files;
    std::error_code error;
    if (std::filesystem::is_directory(from, error)) {
        for (const auto& entry : std::filesystem::directory_iterator(from)) {
            if (entry.path().extension() == ".json") files.push_back(entry.path().string());
        }
        if (files.empty()) throw RequestFileError(from + ": there is no *.json in this folder");
        std::sort(files.begin(), files.end());
    } else {
        files.push_back(from);
    }
    std::vector<Named> requests;
    for (const std::string& name : files) {
        std::ifstream file(name, std::ios::binary);
        requests.push_back({name, ParseRequestFile(ReadAll(file, name), name)});
    }
    return requests;
}

/// Of this process, in KiB; 0 where /proc does not say.
std::int64_t MemoryKiB(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1));
    }
    return 0;
}

double Micros(Duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

std::string TimeText(Duration time) {
    const double micros = Micros(time);
    if (micros < 1000) return fmt::format("{:.1f} us", micros);
    if (micros < 1'000'000) return fmt::format("{:.2f} ms", micros / 1000);
    return fmt::format("{:.2f} s", micros / 1'000'000);
}

bool IsText(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t size = Utf8CharacterSize(bytes);
        const bool control =
            size == 1 && bytes[0] < ' ' && bytes[0] != '\n' && bytes[0] != '\r' && bytes[0] != '\t';
        if (size == 0 || control || bytes[0] == '\x7f') return false;
        bytes.remove_prefix(size);
    }
    return true;
}

std::string Outcome(const Invocation& call) {
    switch (call.kind) {
        case Kind::kAnswered:
            return fmt::format("{}, {} bytes", call.status, call.body.size());
        case Kind::kFailed:
            return "FAILED (502): " + call.detail;
        case Kind::kNotProcessed:
            return "NOT PROCESSED (503): " + call.detail;
        case Kind::kTimedOut:
            return "TIMED OUT (504): " + call.detail;
    }
    return {};
}

/// All calls of one request: the first in full, the times of all.
struct Tally {
    Invocation first;
    std::vector<Duration> times;
    std::size_t failed = 0;
    std::int64_t memory_before = MemoryKiB("VmRSS");

    /// Nearest rank, of times that are sorted.
    Duration Quantile(double share) const {
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1));
        return times[rank];
    }
};

void PrintText(const Named& named, const Tally& tally) {
    const Invocation& call = tally.first;
    const std::int64_t memory = MemoryKiB("VmRSS");
    std::string text =
        fmt::format("{}: {} {} -> {} in {}; memory {} KiB, {:+} KiB, peak {} KiB\n", named.name,
                    named.request.Method(), named.request.target, Outcome(call),
                    TimeText(call.time), memory, memory - tally.memory_before, MemoryKiB("VmHWM"));
    for (const auto& [name, value] : call.headers) text += name + ": " + value + "\n";
    if (!call.body.empty()) {
        text += IsText(call.body) ? "\n" + call.body + (call.body.ends_with('\n') ? "" : "\n")
                                  : "\n(bytes that are no text)\n";
    }
    if (tally.times.size() > 1) {
        text +=
            fmt::format("{} times, {} not answered: least {}, p50 {}, p90 {}, p99 {}, most {}\n",
                        tally.times.size(), tally.failed, TimeText(tally.times.front()),
                        TimeText(tally.Quantile(0.5)), TimeText(tally.Quantile(0.9)),
                        TimeText(tally.Quantile(0.99)), TimeText(tally.times.back()));
    }
    std::fputs(text.c_str(), stdout);
}

void PrintJson(const Named& named, const Tally& tally) {
    static constexpr std::array<const char*, 4> kNames = {"answered", "failed", "not-processed",
                                                          "timed-out"};
    const Invocation& call = tally.first;
    Json headers = Json::array();
    for (const auto& [name, value] : call.headers) headers.push_back({name, value});
    Json line{{"request", named.name},
              {"outcome", kNames.at(static_cast<std::size_t>(call.kind))},
              {"status", call.status},
              {"headers", std::move(headers)},
              {"detail", call.detail}};
    if (IsText(call.body)) {
        line["body"] = call.body;
    } else {
        line["body"] = Json{{"base64", EncodeBase64(call.body)}};
    }
    line["calls"] = tally.times.size();
    line["not_answered"] = tally.failed;
    line["time_us"] = {
        {"first", Micros(call.time)},          {"least", Micros(tally.times.front())},
        {"p50", Micros(tally.Quantile(0.5))},  {"p90", Micros(tally.Quantile(0.9))},
        {"p99", Micros(tally.Quantile(0.99))}, {"most", Micros(tally.times.back())}};
    const std::int64_t memory = MemoryKiB("VmRSS");
    line["memory_kib"] = {
        {"now", memory}, {"grown", memory - tally.memory_before}, {"peak", MemoryKiB("VmHWM")}};
    std::fputs((line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n").c_str(), stdout);
}

Tally CallOften(Invoker& invoker, const RequestFile& request, const InvokeOptions& options) {
    const Duration timeout =
        options.timeout.value_or(request.timeout.value_or(Duration(kInvokeTimeout)));
    Tally tally;
    tally.times.reserve(options.repeat);
    for (std::size_t i = 0; i < options.repeat; ++i) {
        Invocation call = invoker.Call(request, timeout, options.cancel_after);
        tally.times.push_back(call.time);
        if (call.kind != Kind::kAnswered) ++tally.failed;
        if (i == 0) tally.first = std::move(call);
    }
    std::sort(tally.times.begin(), tally.times.end());
    return tally;
}

}  // namespace

int Invoke(const std::string& plugin, const PluginConfig& config, const InvokeOptions& options,
           bool json) {
    try {
        const std::vector<Named> requests = ReadRequests(options.from);
        Invoker invoker(std::make_unique<PluginLibrary>(plugin), config, [] {
            std::fputs("TIMED OUT (504): the handler does not return\n", stdout);
            std::fflush(stdout);
            _exit(kExitInvokeFailed);
        });
        std::size_t failed = 0;
        for (const Named& named : requests) {
            const Tally tally = CallOften(invoker, named.request, options);
            (json ? &PrintJson : &PrintText)(named, tally);
            std::fflush(stdout);
            failed += tally.failed;
        }
        return failed == 0 ? kExitDrained : kExitInvokeFailed;
    } catch (const RequestFileError& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return kExitUsage;
    } catch (const ConfigError& error) {
        for (const std::string& problem : error.problems()) {
            std::fprintf(stderr, "%s\n", problem.c_str());
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return kExitFailed;
}

}  // namespace holdfast::worker
