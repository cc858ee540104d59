#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "load/trouble/process_ref.h"
#include "tests/support/stack/process.h"

namespace holdfast::load {

/// A folder for pid files, and harmless processes to name in them.
class TroubleTest : public ::testing::Test {
  protected:
    TroubleTest() {
        std::string name = std::filesystem::temp_directory_path() / "holdfast-trouble-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    ~TroubleTest() override { std::filesystem::remove_all(folder_); }

    std::string PidFile(const std::string& text, const std::string& name = "one.pid") const {
        const std::string path = folder_ / name;
        std::ofstream(path) << text;
        return path;
    }

    static char StateOf(pid_t pid) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        std::string line;
        std::getline(file, line);
        const auto end = line.rfind(')');
        return end == std::string::npos ? '-' : line[end + 2];
    }
    static bool Becomes(pid_t pid, char state) {
        return testing::Eventually([&] { return StateOf(pid) == state; });
    }

    std::filesystem::path folder_;
    testing::Process sleeper_{{"/bin/sleep", "600"}, "/dev/null"};
};

}  // namespace holdfast::load
