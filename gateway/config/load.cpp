#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "gateway/config/reader.h"
#include "gateway/config/value.h"

namespace holdfast::gateway::config {
namespace {

/// Either the file's text, or what keeps it from being read.
Parsed<std::string> ReadFile(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return {std::nullopt, "this is a directory; name the YAML file in it"};
    }
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    const auto system_reason = [] {
        return errno == 0 ? std::string("unknown reason") : std::generic_category().message(errno);
    };
    if (!stream) return {std::nullopt, "cannot open the configuration file: " + system_reason()};
    // One byte more than allowed tells a file of just the right size from a larger one, and the
    // reading ends even where the file does not.
    std::string text(kMaxFileBytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) {
        return {std::nullopt, "cannot read the configuration file: " + system_reason()};
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) {
        return {std::nullopt, "a configuration file has at most " + FormatSize(kMaxFileBytes) +
                                  "; this one is larger"};
    }
    return {std::move(text), ""};
}

LoadResult Finish(Reader& reader, const Environment& environment) {
    reader.ReadEnvironment(environment);
    reader.Derive();
    LoadResult result;
    result.problems = reader.problems();
    if (reader.Full()) {
        result.problems.push_back({reader.loaded().file, 0, 0, "further problems are not shown"});
        return result;
    }
    const auto combinations = CheckExcept(reader.loaded(), reader.broken());
    result.problems.insert(result.problems.end(), combinations.begin(), combinations.end());
    if (result.problems.empty()) result.loaded = reader.loaded();
    return result;
}

}  // namespace

LoadResult LoadText(std::string_view text, std::string file, const Environment& environment) {
    Reader reader(std::move(file));
    const YamlResult yaml = ParseYaml(text);
    if (yaml.error) {
        reader.Report(yaml.error->position, yaml.error->message);
    } else {
        reader.ReadTree(yaml.root);
    }
    return Finish(reader, environment);
}

LoadResult Load(const std::optional<std::string>& path, const Environment& environment) {
    std::string file = path.value_or("");
    if (!path) {
        if (const auto named = environment.find("HOLDFAST_CONFIG"); named != environment.end()) {
            file = named->second;
        }
        if (file.empty()) return LoadText("", "", environment);
    }
    const auto text = ReadFile(file);
    if (text.value) return LoadText(*text.value, file, environment);
    Reader reader(file);
    reader.Report({}, text.reason);
    return Finish(reader, environment);
}

std::string Format(const Problem& problem) {
    std::string place = problem.file;
    if (problem.line > 0) {
        place += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    return place.empty() ? problem.message : place + ": " + problem.message;
}

}  // namespace holdfast::gateway::config
