#pragma once

#include <holdfast/worker/plugin.h>

#include <string>

namespace holdfast::worker {

/// What a plugin says about itself, and its options, for people.
/// Throws PluginError when it declares an option wrongly.
std::string DescribeText(const holdfast_plugin_v1& plugin, const std::string& file);

/// The same as one JSON object, for machines.
std::string DescribeJson(const holdfast_plugin_v1& plugin, const std::string& file);

}  // namespace holdfast::worker
