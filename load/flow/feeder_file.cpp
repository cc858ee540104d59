#include <filesystem>
#include <string_view>
#include <utility>

#include "load/flow/load_file.h"

namespace holdfast::load {
namespace {

void ParseFormat(const YamlMap& map, const Yaml& file, FeederSpec& spec) {
    const auto format = map.Find("format");
    const std::size_t dot = spec.path.rfind('.');
    std::string named;
    if (format) {
        named = format->Text("csv or jsonl");
    } else if (dot != std::string::npos) {
        named = spec.path.substr(dot + 1);
    }
    if (named == "jsonl" || (named == "ndjson" && !format)) {
        spec.format = FeederSpec::Format::kJsonl;
    } else if (named != "csv") {
        if (format) format->Refuse("csv or jsonl");
        file.Fail("the name does not end in .csv or .jsonl; add 'format: csv' or 'format: jsonl'");
    }
}

void ParseOrder(const YamlMap& map, FeederSpec& spec) {
    using Order = FeederSpec::Order;
    if (const auto order = map.Find("order")) {
        constexpr std::string_view kRule = "sequential, random or shuffle";
        const std::string& text = order->Text(kRule);
        if (text == "random") {
            spec.order = Order::kRandom;
        } else if (text == "shuffle") {
            spec.order = Order::kShuffle;
        } else if (text != "sequential") {
            order->Refuse(kRule);
        }
    }
    if (const auto at_end = map.Find("at_end")) {
        const std::string& text = at_end->Text("stop or repeat");
        if (text != "stop" && text != "repeat") at_end->Refuse("stop or repeat");
        if (spec.order == Order::kRandom) {
            at_end->Fail("a random feeder has no end; remove 'at_end'");
        }
        spec.repeat = text == "repeat";
    }
}

}  // namespace

std::string Beside(const std::string& flow_file, const std::string& path) {
    return (std::filesystem::path(flow_file).parent_path() / path).lexically_normal().string();
}

std::vector<FeederSpec> ParseFeeders(const Yaml& node, const std::string& flow_file) {
    std::vector<FeederSpec> feeders;
    for (const Yaml::Entry& entry : node.Map("a map of names and files")) {
        const YamlMap map(entry.value, "a map with 'file'", {"file", "format", "order", "at_end"});
        const Yaml file = map.Require("file", "the path of a CSV or JSONL file");
        FeederSpec spec{.name = entry.key, .path = file.Text("a path"), .place = file.place()};
        if (entry.key.find_first_of(" .{}$") != std::string::npos) {
            entry.key_node.Fail(Quoted(entry.key) + " has a character that no feeder's name has");
        }
        ParseFormat(map, file, spec);
        ParseOrder(map, spec);
        spec.path = Beside(flow_file, spec.path);
        feeders.push_back(std::move(spec));
    }
    return feeders;
}

}  // namespace holdfast::load
