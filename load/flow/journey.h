#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "load/flow/flow.h"
#include "load/result/clock.h"
#include "load/result/error_kind.h"

namespace holdfast::load {

/// Who a generator process is within its run.
struct RunIdentity {
    std::string run;            ///< in every mark: load-RUN-N
    std::uint64_t seed = 0;     ///< of everything random; printed, so that a run can be repeated
    std::uint32_t process = 0;  ///< of `processes`
    std::uint32_t processes = 1;
};

/// One request, ready to be written. Owned by whoever keeps it; a Journey fills it anew for each
/// step, without allocating once its strings have grown.
struct OutgoingRequest {
    std::uint32_t step = 0;
    std::string bytes;            ///< the whole HTTP/1.1 message: head and body
    std::string_view body;        ///< within `bytes`
    std::string mark;             ///< empty when the step has none
    std::string idempotency_key;  ///< empty when the step has none
    bool head = false;            ///< HEAD: the answer has no body
    Duration timeout{};
    std::uint64_t send_rate = 0;     ///< bytes per second of a slow sender; 0: at once
    std::uint64_t receive_rate = 0;  ///< bytes per second of a slow reader; 0: at once
    Duration abandon_after{};        ///< the client leaves so long after the send; 0: never
};

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

struct IncomingResponse {
    std::uint16_t status = 0;
    std::span<const HeaderView> headers;
    std::string_view body;
};

struct Judgement {
    ErrorKind error = ErrorKind::kNone;
    /// In words, for people; empty when all is well. Valid until the journey is asked again.
    std::string_view detail;
};

/// What the journeys of one process share: compiled templates, feeders, the random generator, ids
/// that were seen. Thread: that of the engine.
class JourneyContext;

/// Opens the flow's feeders; `host` is the Host header's value, `base_path` goes in front of every
/// step's path ("" or "/shop", without a slash at its end); `keep_alive` false: each request says
/// Connection: close. Throws FlowError (a feeder that cannot be read, with file and line).
std::shared_ptr<JourneyContext> MakeJourneyContext(const Flow& flow, const RunIdentity& identity,
                                                   std::string host, std::string base_path = {},
                                                   bool keep_alive = true);

/// One user's way through a flow, from a scenario chosen by weight to its last step: gives the next
/// request, judges its answer. Reused for one journey after another. Thread: that of the engine.
class Journey {
  public:
    explicit Journey(std::shared_ptr<JourneyContext> context);
    ~Journey();
    Journey(Journey&&) noexcept;
    Journey& operator=(Journey&&) noexcept;

    /// Begins anew. `number` is unique over all processes of the run.
    void Begin(std::uint64_t number);

    enum class Next : std::uint8_t {
        kRequest,    ///< `out` is to be sent, `pause` after now (think time, 0 for the first)
        kEnd,        ///< the journey is over
        kExhausted,  ///< a feeder with `at_end: stop` ran out: no further journey can begin
    };
    /// To be called after Begin and after each Judge or Fail (or straight on, where answers are not
    /// looked at: then nothing is extracted). With kEnd, `pause` is what the user waits before his
    /// next journey, where users begin one after the other.
    Next Advance(OutgoingRequest& out, Duration& pause);

    /// The answer to the request that Advance gave last: checks, then extracts.
    Judgement Judge(const IncomingResponse& response);
    /// There was no answer. Whether the journey goes on is the step's `on_error` (stop by default).
    void Fail(ErrorKind kind);

  private:
    class Way;
    std::unique_ptr<Way> way_;
};

}  // namespace holdfast::load
