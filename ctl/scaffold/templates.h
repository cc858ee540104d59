#pragma once

#include <span>
#include <string_view>

namespace holdfast::ctl {

/// One file of a new project, as it lies in ctl/scaffold/<language>. In its path and text these
/// stand for the project's own: `plugin_name`, `PluginName` (the class) and `@version@` (of
/// Holdfast), so that the templates are themselves sources that tools can check.
struct TemplateFile {
    std::string_view path;
    std::string_view text;
};

/// Embedded in the program: it works wherever it lies, whatever is installed.
std::span<const TemplateFile> CppTemplates();
std::span<const TemplateFile> PythonTemplates();

}  // namespace holdfast::ctl
