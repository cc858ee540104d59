#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "tests/support/load/scripted_server.h"

namespace holdfast::load {

/// What an order server can do wrong with one request.
enum class Fault : std::uint8_t {
    kNone,
    kLate,        ///< a good answer after 100 ms
    kSilent,      ///< no answer
    kDropped,     ///< the connection is closed without an answer
    kHalf,        ///< closed in the middle of the answer
    kTwice,       ///< the answer, and the same once more
    kNotHttp,     ///< something else than HTTP
    kCrossed,     ///< the order of another customer
    kRepeatedId,  ///< the id of the first good order (for one generator process)
    kWrongTotal,  ///< a total that is one cent too high
    kWrongStatus,
    kWrongValue,  ///< a member that the flow expects to be another
};
inline constexpr std::size_t kFaults = 12;

/// Answers orders as the gateway does, right or wrong as `decide` says for each request by its
/// number, and counts what it did.
class OrderServer {
  public:
    explicit OrderServer(std::function<Fault(std::uint64_t number)> decide);

    std::string Url() const { return server_.Url(); }
    std::uint64_t Did(Fault fault);
    std::uint64_t requests() const { return server_.requests(); }
    test::ScriptedServer& server() { return server_; }

  private:
    test::ScriptedServer::Reply Answer(const test::ScriptedServer::Asked& asked);

    const std::function<Fault(std::uint64_t)> decide_;
    std::mutex mutex_;
    std::array<std::uint64_t, kFaults> did_{};  ///< this and all below: guarded by mutex_
    std::string first_id_;
    std::string other_customer_ = "load-nobody-1";
    std::uint64_t next_id_ = 0;
    test::ScriptedServer server_;  ///< last: its threads use all above
};

/// The flow order-create with a short timeout, at `rate` for `length`.
std::string OrderFlow(const std::string& rate, const std::string& length,
                      const std::string& more = {});
/// The same with a load section of its own.
std::string OrderFlowOf(const std::string& load, const std::string& more = {});

}  // namespace holdfast::load
