#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/flow/answer.h"
#include "load/flow/plan.h"
#include "load/flow/seen.h"
#include "load/flow/values.h"

namespace holdfast::load {

/// A step's message, compiled for one target.
struct Message {
    Template head;            ///< up to the value of Idempotency-Key, where the step has one
    std::string after_key;    ///< the line's end, where the step has one
    bool has_length = false;  ///< Content-Length comes next, and is the last header
    std::string whole;        ///< of a constant message: rendered once
    std::size_t body_at = 0;  ///< within `whole`
};

class JourneyContext {
  public:
    JourneyContext(std::shared_ptr<const Plan> plan, const RunIdentity& identity, std::string host,
                   const std::string& base_path, bool keep_alive);

    const Plan& plan() const { return *plan_; }
    const RunIdentity& identity() const { return identity_; }
    const Message& message(std::uint32_t step) const { return messages_[step]; }
    const std::string& mark_prefix() const { return mark_prefix_; }

    std::vector<Feeder> feeders;
    std::vector<Seen> seen;     ///< by step
    std::uint64_t counter = 0;  ///< of ${counter}
    std::uint64_t run_hash = 0;
    Answer answer;
    std::string body;      ///< scratch
    std::string expected;  ///< scratch

  private:
    Message Compile(const RequestStep& step, const std::string& host, const std::string& base_path,
                    bool keep_alive) const;

    std::shared_ptr<const Plan> plan_;
    RunIdentity identity_;
    std::string mark_prefix_;
    std::vector<Message> messages_;
};

}  // namespace holdfast::load
