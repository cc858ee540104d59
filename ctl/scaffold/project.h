#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "ctl/scaffold/templates.h"

namespace holdfast::ctl {

inline constexpr std::size_t kMaxPluginName = 40;

/// Why `name` is none for a plugin, as the end of a sentence; empty when it is one: it is to name a
/// service, a file and a CMake target, and, in capitals, a class.
std::string WhyNoPluginName(const std::string& name);

/// Writes the files with `name` in them into the new folder `folder`: all of it, or, when it
/// throws, nothing. Throws BadUsage when `folder` exists or cannot be made where it is to be, and
/// std::system_error, with the path, when writing fails.
void WriteProject(const std::string& name, std::span<const TemplateFile> files,
                  const std::filesystem::path& folder);

}  // namespace holdfast::ctl
