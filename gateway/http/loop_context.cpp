#include "gateway/http/loop_context.h"

#include <chrono>

#include "gateway/http/response_text.h"

namespace holdfast::gateway::http {
namespace {

/// One takes 0.1 to 1 ms, by the kind of the server's key: so long do the requests of others wait.
constexpr unsigned kHandshakesPerTurn = 8;

}  // namespace

LoopContext::LoopContext(std::uint32_t loop, const ServerOptions& server_options,
                         const Router& routes, InflightBudget& inflight, Observer& watcher,
                         SessionHost& session_host, Duration wheel_tick)
    : index(loop),
      options(server_options),
      router(routes),
      budget(inflight),
      observer(watcher),
      host(session_host),
      wheel(wheel_tick, Clock::now()),
      ids(KernelRandom()),
      read_buffer(server_options.ReadBuffer()),
      next_generation_(KernelRandom()()) {
    BeginTurn();
}

void LoopContext::BeginTurn() {
    now = Clock::now();
    handshakes_left = kHandshakesPerTurn;
    const auto wall = options.wall_clock();
    const auto second = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
    if (second == date_second_) return;
    date_second_ = second;
    date = FormatHttpDate(second);
}

CorrelationId LoopContext::NextUnsuspendedId() {
    return CorrelationId(CorrelationId::kUnsuspendedSlot, next_generation_++);
}

}  // namespace holdfast::gateway::http
