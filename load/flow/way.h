#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "load/flow/journey.h"
#include "load/flow/journey_context.h"
#include "load/flow/random.h"

namespace holdfast::load {

/// The state of one journey. Walking is in journey.cpp, looking at answers in judgement.cpp.
class Journey::Way {
  public:
    explicit Way(std::shared_ptr<JourneyContext> context);

    void Begin(std::uint64_t number);
    Next Advance(OutgoingRequest& out, Duration& pause);
    Judgement Judge(const IncomingResponse& response);
    /// There was no answer.
    void Fail();

  private:
    const RequestStep& step() const { return plan_.steps[step_]; }
    /// The next request of the step: its mark and its message.
    void Write(OutgoingRequest& out);
    void WriteMessage(const Message& message, OutgoingRequest& out);
    void MakeMark(std::uint32_t ordinal, std::string& mark) const;
    Duration Length(const PauseRule& rule);
    void Stop();

    /// What is wrong with the answer, the first of the kinds that applies; detail_ says it in
    /// words.
    ErrorKind Look();
    bool IsCrossed();
    bool IsDuplicate();
    bool FailsCheck(bool must_have_mark);
    bool LacksExtract();
    void DescribeStatus();

    std::shared_ptr<JourneyContext> context_;
    const Plan& plan_;
    Random random_;
    Values values_;
    std::vector<std::string> variables_;
    std::vector<std::size_t> rows_;             ///< by feeder
    std::vector<std::uint32_t> mark_ordinals_;  ///< by step: of its last request
    std::string mark_;
    std::string detail_;

    bool exhausted_ = false;
    std::uint32_t next_op_ = 0;
    std::uint32_t step_ = 0;
    std::uint64_t repeats_left_ = 0;  ///< of step_
    std::uint32_t requests_ = 0;      ///< made by this journey
};

}  // namespace holdfast::load
