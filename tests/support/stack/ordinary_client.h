#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {

/// Somebody who wants an answer, every 20 ms while the object lives: what others do must change
/// nothing for him. Thread: one of its own.
class OrdinaryClient {
  public:
    /// Posts `body` to `path`, and wants it back.
    OrdinaryClient(const Stack& stack, std::string path, std::string body)
        : path_(std::move(path)), body_(std::move(body)), thread_([this, &stack] {
              auto client = stack.Client();
              while (!stop_) {
                  const auto answer = client.Post(path_, body_, "text/plain");
                  ++asked_;
                  if (answer && answer->status == 200 && answer->body == body_) ++served_;
                  std::this_thread::sleep_for(std::chrono::milliseconds(20));
              }
          }) {}
    ~OrdinaryClient() { Stop(); }
    OrdinaryClient(const OrdinaryClient&) = delete;
    OrdinaryClient& operator=(const OrdinaryClient&) = delete;

    void Stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    int asked() const { return asked_; }
    int unserved() const { return asked_ - served_; }

  private:
    const std::string path_;
    const std::string body_;
    std::atomic<bool> stop_{false};
    std::atomic<int> asked_{0};
    std::atomic<int> served_{0};
    std::thread thread_;
};

}  // namespace holdfast::testing
