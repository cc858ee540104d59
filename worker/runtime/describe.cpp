#include "worker/runtime/describe.h"

#include <spdlog/fmt/fmt.h>
#include <holdfast/worker/config.hpp>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace holdfast::worker {
namespace {

/// Members in the order in which they are written down here.
using Json = nlohmann::ordered_json;

/// Throws PluginError for a wrong declaration; what the empty config lacks is no matter here.
void CheckDeclarations(OptionList options) {
    try {
        Config(options, "");
    } catch (const ConfigError&) {
    }
}

std::string TypeName(std::uint32_t type) {
    static constexpr std::array<const char*, 9> kNames = {
        "unknown", "text", "flag", "integer", "number", "duration", "size", "texts", "integers"};
    return type < kNames.size() ? kNames.at(type) : kNames[0];
}

bool Has(const holdfast_option_v1& option, std::uint32_t flag) {
    return (option.flags & flag) != 0;
}

std::string About(const holdfast_option_v1& option) {
    return option.description == nullptr ? "" : option.description;
}

std::string ShownDefault(const holdfast_option_v1& option) {
    return Has(option, HOLDFAST_OPTION_REQUIRED) ? "required" : OptionDefault(option);
}

std::string Built(const holdfast_abi& abi) {
    return abi.built_with == nullptr ? "unknown" : abi.built_with;
}

std::string OptionsText(OptionList options) {
    if (options.empty()) return "\nThe config is any text: the plugin declares no options.\n";
    std::size_t names = 6;
    std::size_t defaults = 7;
    for (const holdfast_option_v1* option : options) {
        names = std::max(names, std::string_view(option->name).size());
        defaults = std::max(defaults, ShownDefault(*option).size());
    }
    std::string text =
        fmt::format("\n{:{}}  {:{}}  must be\n", "option", names, "default", defaults);
    for (const holdfast_option_v1* option : options) {
        text += fmt::format("{:{}}  {:{}}  {}\n", option->name, names, ShownDefault(*option),
                            defaults, OptionWants(*option));
        if (!About(*option).empty()) text += fmt::format("{:{}}  {}\n", "", names, About(*option));
    }
    text += "\nThe config is a JSON object of them. With every default it is\n{";
    const char* comma = "";
    for (const holdfast_option_v1* option : options) {
        if (Has(*option, HOLDFAST_OPTION_REQUIRED)) continue;
        text += fmt::format("{}\n  \"{}\": {}", comma, option->name, OptionDefault(*option));
        comma = ",";
    }
    return text + "\n}\n";
}

}  // namespace

std::string DescribeText(const holdfast_plugin_v1& plugin, const std::string& file) {
    const OptionList options = OptionsOf(plugin);
    CheckDeclarations(options);
    const holdfast_abi host = HOLDFAST_ABI_INIT;
    std::string services;
    for (std::size_t i = 0; i < plugin.service_count; ++i) {
        services += (i == 0 ? "" : ", ") + std::string(plugin.services[i]);
    }
    return fmt::format(
               "plugin      {} {}\n"
               "file        {}\n"
               "services    {}\n"
               "interface   {}.{}; this worker's is {}.{}\n"
               "built with  {}\n",
               plugin.name, plugin.version, file, services, plugin.abi.major, plugin.abi.minor,
               host.major, host.minor, Built(plugin.abi)) +
           OptionsText(options);
}

std::string DescribeJson(const holdfast_plugin_v1& plugin, const std::string& file) {
    const OptionList options = OptionsOf(plugin);
    CheckDeclarations(options);
    Json all = Json::array();
    for (const holdfast_option_v1* option : options) {
        Json one{{"name", option->name},
                 {"type", TypeName(option->type)},
                 {"must_be", OptionWants(*option)},
                 {"required", Has(*option, HOLDFAST_OPTION_REQUIRED)},
                 {"secret", Has(*option, HOLDFAST_OPTION_SECRET)},
                 {"description", About(*option)}};
        if (!Has(*option, HOLDFAST_OPTION_REQUIRED)) {
            const std::string value = OptionDefault(*option);
            one["default"] = Json::accept(value) ? Json::parse(value) : Json(value);
        }
        all.push_back(std::move(one));
    }
    const Json description{
        {"name", plugin.name},
        {"version", plugin.version},
        {"file", file},
        {"services",
         std::vector<std::string>(plugin.services, plugin.services + plugin.service_count)},
        {"interface", fmt::format("{}.{}", plugin.abi.major, plugin.abi.minor)},
        {"built_with", Built(plugin.abi)},
        {"options", std::move(all)}};
    return description.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace holdfast::worker
