#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "gateway/bus/socket_calls.h"
#include "gateway/bus/zmtp_stream.h"
#include "gateway/core/mutex.h"

namespace holdfast::gateway {

/// Stands between the kernel and libzmq on each connection of the plain bus, and keeps from it what
/// it cannot bound or survive (ZmtpStream says what). It gets there through socket_calls.h: libzmq
/// has no place for it.
///
/// Thread: OnAccepted and OnReceived on libzmq's I/O thread, which owns the descriptors, so none of
/// them can be another's by now; HasNews and TakeNews on the bus thread. Owner: RouterSocket, until
/// libzmq's threads have ended. Nothing blocks but for the moment of TakeNews.
class StreamGuard {
  public:
    /// Of the connections that are accepted from `listening`, a descriptor that libzmq owns, until
    /// Release. Throws std::runtime_error if libzmq's calls do not come here.
    explicit StreamGuard(int listening) : listening_(listening) { Guard(listening, *this); }
    ~StreamGuard() { Release(); }
    StreamGuard(const StreamGuard&) = delete;
    StreamGuard& operator=(const StreamGuard&) = delete;

    /// Before libzmq closes the listening descriptor, whose number may then be another's.
    void Release() { Unguard(listening_); }

    struct News {
        std::uint64_t disconnected = 0;  ///< for messages of more than one frame
        std::string latest;              ///< whose: "127.0.0.1:40000"
        std::uint64_t ignored = 0;       ///< commands that were cut out
    };
    bool HasNews() const { return has_news_.load(std::memory_order_acquire); }
    /// What happened since the last call.
    News TakeNews();

    void OnAccepted(int descriptor);
    /// What recv gave, as libzmq is to see it: `received` bytes in `buffer`, 0 at the end, or -1
    /// with errno. Returns the same way.
    std::ptrdiff_t OnReceived(int descriptor, void* buffer, std::ptrdiff_t received);

  private:
    void Tell(int descriptor, const ZmtpStream::Result& result);

    const int listening_;
    std::unordered_map<int, ZmtpStream> streams_;  ///< of the I/O thread

    std::atomic<bool> has_news_{false};
    Mutex mutex_;
    News news_ HOLDFAST_GUARDED_BY(mutex_);
};

}  // namespace holdfast::gateway
