#include "worker/supervisor/child_table.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::worker {
namespace {

/// A child that reports without an end is not listened to beyond this in one turn.
constexpr std::size_t kBytesInTurn = 64U << 10U;
constexpr std::size_t kLineBytes = 4096;

void Close(const ChildTable::Running& running) {
    if (running.process.report_fd >= 0) ::close(running.process.report_fd);
}

}  // namespace

ChildTable::~ChildTable() {
    for (const Running& running : running_) Close(running);
}

void ChildTable::Remove(ChildId child) {
    if (const Running* running = Find(child)) Close(*running);
    std::erase_if(running_, [child](const Running& other) { return other.child == child; });
}

const ChildTable::Running* ChildTable::Find(ChildId child) const {
    const auto found = std::ranges::find(running_, child, &Running::child);
    return found == running_.end() ? nullptr : &*found;
}

const ChildTable::Running* ChildTable::FindPid(pid_t pid) const {
    const auto found = std::ranges::find_if(
        running_, [pid](const Running& running) { return running.process.pid == pid; });
    return found == running_.end() ? nullptr : &*found;
}

bool ChildTable::HasGeneration(std::uint32_t generation) const {
    return std::ranges::any_of(running_, [generation](const Running& running) {
        return running.generation == generation;
    });
}

void ChildTable::SignalAll(int signal) const {
    for (const Running& running : running_) ::kill(running.process.pid, signal);
}

void ChildTable::AddTo(std::vector<pollfd>& descriptors) const {
    for (const Running& running : running_) {
        descriptors.push_back({.fd = running.process.report_fd, .events = POLLIN, .revents = 0});
    }
}

std::vector<ChildId> ChildTable::All() const {
    std::vector<ChildId> all;
    for (const Running& running : running_) all.push_back(running.child);
    return all;
}

std::vector<std::string> ChildTable::TakeLines(ChildId child) {
    std::vector<std::string> lines;
    const auto found = std::ranges::find(running_, child, &Running::child);
    if (found == running_.end()) return lines;
    std::string& text = found->unfinished;
    std::array<char, 4096> buffer;
    for (std::size_t taken = 0; taken < kBytesInTurn && found->process.report_fd >= 0;) {
        const ssize_t size = ::read(found->process.report_fd, buffer.data(), buffer.size());
        if (size == 0) {
            // It has ended, or its plugin has closed what is not its own: no reason to wake up.
            ::close(std::exchange(found->process.report_fd, -1));
            break;
        }
        if (size < 0) break;
        taken += static_cast<std::size_t>(size);
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        lines.push_back(text.substr(0, std::min(end, kLineBytes)));
        text.erase(0, end + 1);
    }
    if (text.size() > kLineBytes) text.resize(kLineBytes);
    return lines;
}

}  // namespace holdfast::worker
