#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/core/peer.h"

namespace holdfast::gateway {

/// Which routing id is which peer. A ROUTER never says that a routing id is gone, so this is
/// bounded: when it is full, whoever was heard least recently gives way, strangers before welcomed
/// workers.
///
/// Thread: the bus thread. Owner: BusThread.
class PeerDirectory {
  public:
    /// The bytes that a routing id may have (ZMTP 3.1).
    static constexpr std::size_t kMaxRoutingIdBytes = 255;

    explicit PeerDirectory(std::size_t capacity) : capacity_(capacity) {}

    /// The peer with this routing id, a new one if need be, as heard now.
    PeerId Hear(std::string_view routing_id);

    /// Null when the peer has been forgotten. Valid until the next Hear or Forget.
    const std::string* Find(PeerId peer) const;

    void MarkWelcomed(PeerId peer);
    void Forget(PeerId peer);

  private:
    struct Entry {
        PeerId peer;  ///< zero where the entry is free
        std::string routing_id;
        std::uint64_t heard = 0;
        bool welcomed = false;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    // A PeerId is a serial number over the index of its entry.
    static constexpr unsigned kIndexBits = 20;
    static std::size_t IndexOf(PeerId peer) {
        return static_cast<std::size_t>(peer.value & ((1U << kIndexBits) - 1));
    }

    std::size_t FreeIndex();

    const std::size_t capacity_;
    std::vector<Entry> entries_;
    std::vector<std::size_t> free_;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_routing_id_;
    std::uint64_t serial_ = 0;
    std::uint64_t clock_ = 0;
};

}  // namespace holdfast::gateway
