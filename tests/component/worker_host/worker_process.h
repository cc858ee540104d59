#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/component/worker_host/scripted_gateway.h"
#include "tests/support/stack/process.h"

namespace holdfast::test {

/// A scripted gateway and a real holdfast-worker in a folder of their own.
class WorkerProcess : public ::testing::Test {
  protected:
    using ms = std::chrono::milliseconds;

    void SetUp() override {
        std::string folder = ::testing::TempDir() + "holdfast-worker-XXXXXX";
        ASSERT_NE(::mkdtemp(folder.data()), nullptr);
        folder_ = folder;
    }
    void TearDown() override {
        if (HasFailure() && worker != nullptr) std::cerr << worker->Output();
        worker.reset();
        std::filesystem::remove_all(folder_);
    }

    static std::string Plugin(const std::string& name) {
        return std::string(HOLDFAST_PLUGIN_DIR) + "/libholdfast_" + name + ".so";
    }
    std::string File(const std::string& name) const { return (folder_ / name).string(); }

    void Run(const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment = {}) {
        std::vector<std::string> command = {std::string(HOLDFAST_BIN_DIR) + "/holdfast-worker"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        worker = std::make_unique<testing::Process>(
            command, File("output-" + std::to_string(++runs_)), environment);
    }
    /// Starts a worker with `plugin`, which keeps a journal, and waits until it is welcomed.
    /// Without `service` the plugin serves one of its own name.
    void Start(std::vector<std::string> more = {}, const std::string& plugin = "trouble",
               const std::string& service = {}) {
        gateway.service = service.empty() ? plugin : service;
        std::vector<std::string> arguments = {"--plugin",        Plugin(plugin),
                                              "--gateway",       gateway.endpoint(),
                                              "--plugin-config", File("journal")};
        if (std::find(more.begin(), more.end(), "--threads") == more.end()) {
            more.insert(more.end(), {"--threads", "1"});
        }
        arguments.insert(arguments.end(), more.begin(), more.end());
        Run(arguments);
        ASSERT_TRUE(gateway.WaitWelcomed());
    }
    std::string Journal() const {
        std::ifstream file(File("journal"));
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    /// Whether the plugin has noted `word` of that request.
    bool Noted(const std::string& word, std::uint64_t id) const {
        std::ostringstream line;
        line << word << ' ' << std::hex;
        line.fill('0');
        line.width(16);
        line << id;
        return Journal().find(line.str()) != std::string::npos;
    }
    bool WaitNoted(const std::string& word, std::uint64_t id) {
        return gateway.WaitFor([&] { return Noted(word, id); });
    }
    /// `from`: how much of what the worker has printed is not looked at.
    bool WaitLogged(const std::string& text, std::size_t from = 0) {
        return gateway.WaitFor(
            [&] { return worker->Output().find(text, from) != std::string::npos; });
    }

    ScriptedGateway gateway;
    std::unique_ptr<testing::Process> worker;

  private:
    std::filesystem::path folder_;
    int runs_ = 0;
};

}  // namespace holdfast::test
