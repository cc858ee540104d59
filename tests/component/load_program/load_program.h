#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "load/report/report.h"
#include "load/result/figures.h"
#include "tests/support/stack/process.h"
#include "tests/support/stack/stack.h"

namespace holdfast::load {

struct Ended {
    int code = -1;
    std::string text;  ///< what it printed, errors included
};

/// Runs the real holdfast-load in a folder of its own, which goes with this object.
class LoadProgram : public ::testing::Test {
  protected:
    LoadProgram() {
        std::string name = std::filesystem::temp_directory_path() / "holdfast-load-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    ~LoadProgram() override { std::filesystem::remove_all(folder_); }

    std::string Path(const std::string& name) const { return folder_ / name; }
    std::string File(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }

    std::unique_ptr<testing::Process> Start(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), HOLDFAST_LOAD);
        std::filesystem::remove(folder_ / "output");
        return std::make_unique<testing::Process>(arguments, folder_ / "output");
    }
    Ended Load(const std::vector<std::string>& arguments) const { return End(*Start(arguments)); }
    static Ended End(testing::Process& process) {
        const auto code = process.Wait(std::chrono::seconds(60));
        return {.code = code.value_or(-1), .text = process.Output()};
    }

    /// What the last run with --json result.json has measured.
    Result Measured() const { return ReadResult(folder_ / "result.json"); }

    std::filesystem::path folder_;
};

inline std::uint64_t Of(const Figures& figures, ErrorKind kind) {
    return figures.all.Of(kind);
}

}  // namespace holdfast::load
