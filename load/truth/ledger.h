#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "load/result/error_kind.h"

namespace holdfast::load {

/// What one client was told, or that it was told nothing.
struct LedgerEntry {
    std::uint64_t journey = 0;
    std::string_view step;
    std::string_view mark;
    std::string_view idempotency_key;
    std::chrono::system_clock::time_point planned;
    std::chrono::system_clock::time_point ended;
    std::string_view request_body;
    ErrorKind error = ErrorKind::kNone;
    std::uint16_t status = 0;    ///< 0: no answer
    std::string_view outcome;    ///< Holdfast-Outcome
    std::string_view processed;  ///< Holdfast-Processed
    std::string_view body;       ///< of the answer
};

/// Where the engine tells what clients were told. Called by the engine's thread.
class Ledger {
  public:
    virtual ~Ledger() = default;
    virtual void Record(const LedgerEntry& entry) = 0;
};

}  // namespace holdfast::load
