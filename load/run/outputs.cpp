#include "load/run/outputs.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "load/report/report.h"
#include "load/run/exit_code.h"

namespace holdfast::load {
namespace {

std::string Reason(int error) {
    return std::generic_category().message(error);
}

}  // namespace

void Outputs::AddFolder(const std::string& folder) {
    if (folder.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw UsageError("--out " + folder + ": " + error.message());
    const std::filesystem::path path(folder);
    AddHtml(path / "report.html");
    AddJson(path / "result.json");
    AddCsv(path / "result.csv");
    AddJunit(path / "junit.xml");
}

void Outputs::Add(Kind kind, const std::string& path) {
    if (path.empty()) return;
    const std::string beside = path + ".part";
    errno = 0;
    if (!std::ofstream(beside)) throw UsageError(path + ": cannot be written: " + Reason(errno));
    std::remove(beside.c_str());
    outputs_.push_back({kind, path});
}

std::vector<std::string> Outputs::Write(const Result& result) const {
    std::vector<std::string> failures;
    for (const Output& output : outputs_) {
        const std::string beside = output.path + ".part";
        errno = 0;
        std::ofstream file(beside);
        switch (output.kind) {
            case Kind::kHtml:
                WriteHtml(result, file);
                break;
            case Kind::kJson:
                WriteJson(result, file);
                break;
            case Kind::kCsv:
                WriteCsv(result, file);
                break;
            case Kind::kJunit:
                WriteJunit(result, file);
                break;
        }
        file.close();
        if (!file || std::rename(beside.c_str(), output.path.c_str()) != 0) {
            failures.push_back(output.path + ": was not written: " + Reason(errno));
            std::remove(beside.c_str());
        }
    }
    return failures;
}

std::vector<std::string> Outputs::paths() const {
    std::vector<std::string> paths;
    for (const Output& output : outputs_) paths.push_back(output.path);
    return paths;
}

}  // namespace holdfast::load
