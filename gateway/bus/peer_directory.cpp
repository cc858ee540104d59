#include "gateway/bus/peer_directory.h"

#include <algorithm>
#include <tuple>

namespace holdfast::gateway {

PeerId PeerDirectory::Hear(std::string_view routing_id) {
    ++clock_;
    if (const auto known = by_routing_id_.find(routing_id); known != by_routing_id_.end()) {
        Entry& entry = entries_[known->second];
        entry.heard = clock_;
        return entry.peer;
    }
    const std::size_t index = FreeIndex();
    const PeerId peer{++serial_ << kIndexBits | index};
    entries_[index] = {peer, std::string(routing_id), clock_, false};
    by_routing_id_.emplace(routing_id, index);
    return peer;
}

const std::string* PeerDirectory::Find(PeerId peer) const {
    const std::size_t index = IndexOf(peer);
    if (index >= entries_.size() || entries_[index].peer != peer) return nullptr;
    return &entries_[index].routing_id;
}

void PeerDirectory::MarkWelcomed(PeerId peer) {
    if (Find(peer) != nullptr) entries_[IndexOf(peer)].welcomed = true;
}

void PeerDirectory::Forget(PeerId peer) {
    const std::string* routing_id = Find(peer);
    if (routing_id == nullptr) return;
    by_routing_id_.erase(*routing_id);
    entries_[IndexOf(peer)] = {};
    free_.push_back(IndexOf(peer));
}

std::size_t PeerDirectory::FreeIndex() {
    if (free_.empty() && entries_.size() < capacity_) {
        entries_.emplace_back();
        return entries_.size() - 1;
    }
    if (free_.empty()) {
        const auto oldest = std::ranges::min_element(entries_, {}, [](const Entry& entry) {
            return std::tuple(entry.welcomed, entry.heard);
        });
        Forget(oldest->peer);
    }
    const std::size_t index = free_.back();
    free_.pop_back();
    return index;
}

}  // namespace holdfast::gateway
