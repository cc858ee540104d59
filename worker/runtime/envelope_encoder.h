#pragma once

#include <holdfast/worker/plugin.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/core/messages.h"
#include "worker/runtime/process_facts.h"

namespace holdfast::wire {
class Envelope;
}

namespace holdfast::worker {

/// What Hello says; the same for every gateway.
struct HelloFacts {
    std::string instance;
    std::string version;
    std::string host;
    std::string plugin;
    std::string plugin_version;
    std::vector<std::string> services;
    std::uint32_t threads = 0;
    std::uint64_t pid = 0;
    std::optional<ProcessFacts> process{};

    // What a Description says beyond that.
    std::string built_with{};
    std::string abi{};
    TimePoint started{};
    std::vector<std::pair<std::string, std::string>> settings{};
};

/// A reply as the host got it; views.
struct ReplyView {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    ReplyKind kind = ReplyKind::kAnswered;
    std::uint32_t status = 0;
    holdfast_fields headers{};
    std::string_view body{};
    std::string_view detail{};
};

/// The reply as one field of an Envelope, tag and length included: envelopes of them are made by
/// appending. Runs on the thread that answers, so that the loop only copies bytes.
/// Thread: any.
ReplyItem EncodeReply(const ReplyView& reply);

/// What Worker sends, to bytes: measured first, then written once.
/// Thread: the loop.
class EnvelopeEncoder {
  public:
    explicit EnvelopeEncoder(HelloFacts facts);
    ~EnvelopeEncoder();

    std::size_t Measure(const Outgoing& outgoing);
    /// Writes the envelope that was measured last. `to` has room for that many bytes.
    void Write(const Outgoing& outgoing, char* to) const;

  private:
    void FillHello(std::uint64_t link);
    void FillDescription(const DescriptionItem& item);

    const HelloFacts facts_;
    std::unique_ptr<wire::Envelope> head_;  ///< all but the replies
    std::string head_bytes_;
    std::string failures_;  ///< replies that core made itself, encoded
};

}  // namespace holdfast::worker
