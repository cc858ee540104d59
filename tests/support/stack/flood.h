#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::testing {

/// A POST with this body, as bytes.
std::string PostBytes(const std::string& path, const std::string& body);

/// Takes one whole answer with a Content-Length off the front of `buffer`; its status, or 0:
/// nothing whole is there yet.
int TakeAnswer(std::string& buffer);

/// Sends `total` copies of `request` on one connection, a bounded number ahead of the answers; how
/// many answers had which status. Throws when the connection breaks.
std::map<int, std::size_t> Pipeline(std::uint16_t port, const std::string& request,
                                    std::size_t total);

/// Connections that each send one request and wait. Closed with this object.
class HeldConnections {
  public:
    HeldConnections(std::uint16_t port, const std::string& request, std::size_t count);
    ~HeldConnections();
    HeldConnections(const HeldConnections&) = delete;
    HeldConnections& operator=(const HeldConnections&) = delete;

    /// Reads every answer's status; waits for each at most `patience_ms`. -1: closed, 0: none came.
    std::map<int, std::size_t> Statuses(int patience_ms);

  private:
    std::vector<int> sockets_;
};

}  // namespace holdfast::testing
