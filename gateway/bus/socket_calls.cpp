#include "gateway/bus/socket_calls.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "gateway/bus/stream_guard.h"
#include "gateway/core/mutex.h"

// By their names in the object file: the headers may have inline functions of these names.
extern "C" {
[[gnu::visibility("default")]] int HoldfastAccept4(int listening, sockaddr* address,
                                                   socklen_t* size, int flags) __asm__("accept4");
[[gnu::visibility("default")]] ssize_t HoldfastRecv(int descriptor, void* buffer, size_t size,
                                                    int flags) __asm__("recv");
}

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer's: what it knows of libzmq it knows by the caller of recv, which is libzmq no
// more. What is read into a buffer is no write of anybody's until the other End.
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#else
static void AnnotateIgnoreWritesBegin(const char* /*file*/, int /*line*/) {}
static void AnnotateIgnoreWritesEnd(const char* /*file*/, int /*line*/) {}
#endif

namespace holdfast::gateway {
namespace {

struct Guarded {
    int listening;
    StreamGuard* guard;
};

class GuardTable {
  public:
    void Add(int listening, StreamGuard& guard) {
        MutexLock lock(mutex_);
        rows_.push_back({listening, &guard});
    }
    void Remove(int listening) {
        MutexLock lock(mutex_);
        std::erase_if(rows_, [&](const Guarded& row) { return row.listening == listening; });
    }
    StreamGuard* Find(int listening) {
        MutexLock lock(mutex_);
        const auto found = std::ranges::find(rows_, listening, &Guarded::listening);
        return found == rows_.end() ? nullptr : found->guard;
    }

  private:
    Mutex mutex_;
    std::vector<Guarded> rows_ HOLDFAST_GUARDED_BY(mutex_);
};

GuardTable& Table() {
    static GuardTable table;
    return table;
}

/// Of the thread that accepts and reads for libzmq; null in all others.
thread_local StreamGuard* reading_for = nullptr;

/// libc's, or a sanitizer's.
template <typename Function>
Function* Next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void Guard(int listening, StreamGuard& guard) {
    if (dlsym(RTLD_DEFAULT, "accept4") != reinterpret_cast<void*>(&HoldfastAccept4) ||
        dlsym(RTLD_DEFAULT, "recv") != reinterpret_cast<void*>(&HoldfastRecv)) {
        throw std::runtime_error(
            "the bus cannot be guarded: accept4 and recv of this program are not those that "
            "libraries call");
    }
    Table().Add(listening, guard);
}

void Unguard(int listening) {
    Table().Remove(listening);
}

}  // namespace holdfast::gateway

int HoldfastAccept4(int listening, sockaddr* address, socklen_t* size, int flags) {
    using holdfast::gateway::reading_for;
    static auto* const next = holdfast::gateway::Next<decltype(HoldfastAccept4)>("accept4");
    const int accepted = next(listening, address, size, flags);
    if (accepted < 0) return accepted;
    if (auto* const guard = holdfast::gateway::Table().Find(listening)) {
        reading_for = guard;
        guard->OnAccepted(accepted);
    }
    return accepted;
}

ssize_t HoldfastRecv(int descriptor, void* buffer, size_t size, int flags) {
    static auto* const next = holdfast::gateway::Next<decltype(HoldfastRecv)>("recv");
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    const ssize_t received = next(descriptor, buffer, size, flags);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    holdfast::gateway::StreamGuard* const guard = holdfast::gateway::reading_for;
    return guard == nullptr ? received : guard->OnReceived(descriptor, buffer, received);
}
