#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "gateway/http/observer.h"
#include "gateway/http/options.h"

namespace holdfast::gateway::http {

/// Listens on the options' address (a number, IPv4 or IPv6) and port; what it accepts has their
/// buffers. Throws std::system_error. The caller owns the descriptor.
int OpenListener(const ServerOptions& options);

/// The port that a listening descriptor got.
std::uint16_t PortOf(int listener);

/// Accepts connections and deals them out. When descriptors or memory run out it rests for a moment
/// instead of spinning on a listener that stays readable.
///
/// Thread: its loop's. Owns the listener.
class Acceptor {
  public:
    using Deal = std::function<void(int descriptor, std::string client)>;

    Acceptor(boost::asio::io_context& io, int listener, Deal deal, Observer& observer);

    /// Accepts what has connected so far, then closes.
    void Finish();
    void Close();

  private:
    void Wait();
    void Rest();
    /// False when accepting failed in a way that will last for a while.
    bool AcceptSome();
    bool AcceptOne(bool& more);

    boost::asio::posix::stream_descriptor listener_;
    boost::asio::steady_timer rest_;
    Deal deal_;
    Observer& observer_;
};

}  // namespace holdfast::gateway::http
