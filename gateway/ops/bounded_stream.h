#pragma once

#include <httplib.h>

#include <cstddef>
#include <string>

#include "gateway/core/clock.h"

namespace holdfast::gateway::ops {

/// A connection as cpp-httplib reads and writes it, with bounds that the library does not have: all
/// reads and writes together end by `deadline`, and at most `max_read` bytes are read.
///
/// Thread: the one that serves the connection. Blocks up to the deadline; reads end when
/// `stop_event` is readable. Owns no descriptor.
class BoundedStream final : public httplib::Stream {
  public:
    BoundedStream(int socket, int stop_event, TimePoint deadline, std::size_t max_read)
        : socket_(socket), stop_event_(stop_event), deadline_(deadline), may_read_(max_read) {}

    bool is_readable() const override { return Wait(kReadable); }
    bool is_writable() const override { return Wait(kWritable); }
    ssize_t read(char* data, std::size_t size) override;
    ssize_t write(const char* data, std::size_t size) override;
    void get_remote_ip_and_port(std::string& ip, int& port) const override;
    void get_local_ip_and_port(std::string& ip, int& port) const override;
    int socket() const override { return socket_; }

    /// Says that nothing more comes, and reads what the client still sends up to the bounds:
    /// closing a socket with unread bytes resets it, and the client may lose the answer.
    void Finish();

  private:
    static constexpr short kReadable = 1;
    static constexpr short kWritable = 4;
    bool Wait(short events) const;

    const int socket_;
    const int stop_event_;
    TimePoint deadline_;
    std::size_t may_read_;
    // cpp-httplib reads a request's head one byte at a time.
    std::string buffer_;
    std::size_t consumed_ = 0;
};

}  // namespace holdfast::gateway::ops
