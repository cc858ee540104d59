// The data port as a client sees it, with a real Session: bytes in any pieces, pipelined, cut off,
// while the bus answers or does not, the clock goes on, and the client reads or leaves.
//
//     input | options u8 | step step ...
//     step  | FF 'S'     | sends the bytes that stand before it; so does every other step
//           | FF 'C' how | completes the oldest request that is held: see Complete
//           | FF 'T' n   | the clock goes on by n x 100 ms
//           | FF 'H'     | the client has sent all      | FF 'Q' | it closes
//           | FF 'N'     | it stops reading             | FF 'Y' | it reads again
//           | FF 'D'     | the gateway drains           | FF FF  | the byte FF itself
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tests/fuzz/session/world.h"

namespace {

using holdfast::fuzz::SessionWorld;
using holdfast::gateway::Completion;
using holdfast::gateway::Outcome;
using holdfast::gateway::Progress;

constexpr char kStep = '\xFF';

class Input {
  public:
    explicit Input(std::string_view bytes) : bytes_(bytes) {}
    bool empty() const { return bytes_.empty(); }
    std::uint8_t Byte() {
        if (bytes_.empty()) return 0;
        const char byte = bytes_.front();
        bytes_.remove_prefix(1);
        return static_cast<std::uint8_t>(byte);
    }
    std::string_view UpToStep() {
        const std::string_view text = bytes_.substr(0, bytes_.find(kStep));
        bytes_.remove_prefix(text.size());
        return text;
    }

  private:
    std::string_view bytes_;
};

/// A worker's reply that is as hostile as the bus lets through.
void Reply(SessionWorld& world, std::uint8_t how, Input& input) {
    Completion completion;
    completion.outcome = Outcome::kReplied;
    completion.progress = Progress::kStarted;
    auto& reply = completion.reply;
    reply.status = 200;
    switch (how % 6U) {
        case 0:
            reply.body = "yes";
            break;
        case 1:
            reply.headers.Append("Content-Type", "application/json");
            reply.body = input.UpToStep();
            break;
        case 2:
            reply.status = input.Byte() * 3U;
            reply.body = input.UpToStep();
            break;
        case 3:
            reply.body.assign(40'000, 'r');
            break;
        case 4: {
            const std::string_view text = input.UpToStep();
            const std::size_t colon = std::min(text.find(':'), text.size());
            reply.headers.Append(text.substr(0, colon),
                                 text.substr(std::min(colon + 1, text.size())));
            break;
        }
        default:
            reply.headers.Append("content-length", input.UpToStep());
            break;
    }
    world.Complete(std::move(completion));
}

void Complete(SessionWorld& world, Input& input) {
    const std::uint8_t how = input.Byte();
    if (!world.Suspended()) return;
    if (how < 0x80) {
        Reply(world, how, input);
        return;
    }
    static constexpr Outcome kEnds[] = {
        Outcome::kUnavailable, Outcome::kOverloaded,  Outcome::kNoWorker,     Outcome::kTimedOut,
        Outcome::kWorkerLost,  Outcome::kWorkerError, Outcome::kShuttingDown, Outcome::kCancelled};
    Completion completion;
    completion.outcome = kEnds[how % std::size(kEnds)];
    completion.progress = static_cast<Progress>(how / 8U % 3U);
    world.Complete(std::move(completion));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(std::string_view(reinterpret_cast<const char*>(data), size));
    const std::uint8_t options = input.Byte();
    SessionWorld world({.serve_half_close = (options & 1U) != 0,
                        .no_minimum_rate = (options & 2U) != 0,
                        .access_log = (options & 4U) != 0,
                        .tight = (options & 8U) != 0});
    std::string bytes;
    while (!input.empty()) {
        bytes += input.UpToStep();
        input.Byte();
        const std::uint8_t step = input.Byte();
        if (step == static_cast<std::uint8_t>(kStep)) {
            bytes += kStep;
            continue;
        }
        world.Send(std::exchange(bytes, {}));
        switch (step) {
            case 'C':
                Complete(world, input);
                break;
            case 'T':
                world.Advance(std::chrono::milliseconds(100) * input.Byte());
                break;
            case 'H':
                world.ShutdownSend();
                break;
            case 'Q':
                world.CloseClient();
                break;
            case 'N':
            case 'Y':
                world.SetReading(step == 'Y');
                break;
            case 'D':
                world.Drain();
                break;
            default:
                break;
        }
    }
    world.Finish();
    return 0;
}
