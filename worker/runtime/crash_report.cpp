// Between the signal and its end only what is async-signal-safe is called: no allocation, no lock
// of ours, no stdio. backtrace() has been called once before, which loads what it needs.
#include "worker/runtime/crash_report.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "worker/runtime/crash_line.h"

namespace holdfast::worker {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
constexpr std::size_t kStackBytes = 128U << 10U;
constexpr int kFrames = 64;
constexpr std::size_t kOthers = 16;

int report_fd = -1;
CrashReportForm report_form = CrashReportForm::kText;
std::atomic_flag reporting = ATOMIC_FLAG_INIT;
std::array<char, 512> uncaught{};  ///< what() of an exception that nobody caught

/// What one thread runs. Read by its own signal handler, and by that of another thread, which may
/// see a half-written text but never one without an end.
struct Slot {
    std::atomic<std::uint64_t> id{0};  ///< 0: none
    std::atomic<std::uint32_t> attempt{0};
    std::array<char, 64> service{};
    std::array<char, 128> route{};
};

/// Of the threads that have run a request, so that a crash elsewhere can name what was running.
constexpr std::size_t kSlots = 1024;
std::array<std::atomic<const Slot*>, kSlots> slots{};

/// The stack that the handler runs on: the thread's own may be what has overflowed.
class AlternateStack {
  public:
    AlternateStack() {
        stack_t present{};
        // A sanitizer's runtime has given each thread one already.
        if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
        memory_ = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0);
        if (memory_ == MAP_FAILED) return;
        stack_t mine{};
        mine.ss_sp = memory_;
        mine.ss_size = kStackBytes;
        ::sigaltstack(&mine, nullptr);
    }
    ~AlternateStack() {
        if (memory_ == MAP_FAILED) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
        ::munmap(memory_, kStackBytes);
    }
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

  private:
    void* memory_ = MAP_FAILED;
};

/// Null until the thread's first request: a signal handler must not make one.
constinit thread_local Slot* this_slot = nullptr;

/// What a thread that runs requests has for its crash.
class ThreadState {
  public:
    ThreadState() {
        for (std::atomic<const Slot*>& place : slots) {
            const Slot* none = nullptr;
            if (place.compare_exchange_strong(none, &slot)) {
                place_ = &place;
                return;
            }
        }
    }
    ~ThreadState() {
        this_slot = nullptr;
        if (place_ != nullptr) place_->store(nullptr);
    }
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    Slot slot;

  private:
    AlternateStack stack_;
    std::atomic<const Slot*>* place_ = nullptr;
};

ThreadState& OfThisThread() {
    thread_local ThreadState state;
    return state;
}

template <std::size_t Size>
void Copy(std::string_view text, std::array<char, Size>& into) {
    const std::size_t size = std::min(text.size(), Size - 1);
    std::memcpy(into.data(), text.data(), size);
    into[size] = '\0';
}

void Write(const CrashLine& line) {
    line.WriteTo(report_fd, report_form);
}

void WriteRequests() {
    const Slot* const own = this_slot;
    CrashLine line;
    if (own != nullptr && own->id != 0) {
        line << "this thread ran request " << CrashLine::Hex{own->id, 16} << ", attempt "
             << CrashLine::Decimal{own->attempt} << ", service " << own->service.data()
             << ", route " << own->route.data();
    } else {
        line << "this thread ran no request";
    }
    Write(line);
    CrashLine others;
    others << "other threads ran";
    std::size_t count = 0;
    for (const std::atomic<const Slot*>& place : slots) {
        const Slot* const slot = place;
        if (slot == nullptr || slot == own || slot->id == 0 || count == kOthers) continue;
        others << (count++ == 0 ? " " : ", ") << CrashLine::Hex{slot->id, 16};
    }
    if (count != 0) Write(others);
}

/// The symbols are found by a function that writes to a descriptor alone: a pipe takes them back.
void WriteStack() {
    std::array<void*, kFrames> frames{};
    const int count = ::backtrace(frames.data(), kFrames);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
    ::backtrace_symbols_fd(frames.data(), count, ends[1]);
    ::close(ends[1]);
    std::uint64_t frame = 0;
    CrashLine line;
    line << "#" << CrashLine::Decimal{frame} << " ";
    std::array<char, 512> buffer{};
    for (ssize_t size = ::read(ends[0], buffer.data(), buffer.size()); size > 0;
         size = ::read(ends[0], buffer.data(), buffer.size())) {
        for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(size))) {
            if (c != '\n') {
                line << std::string_view(&c, 1);
                continue;
            }
            Write(line);
            line = CrashLine();
            line << "#" << CrashLine::Decimal{++frame} << " ";
        }
    }
    ::close(ends[0]);
}

void OnCrash(int signal, siginfo_t* info, void* /*context*/) {
    const int error = errno;
    if (reporting.test_and_set()) {
        // Another thread reports, and ends the process.
        for (;;) ::pause();
    }
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    ::sigaction(SIGALRM, &by_default, nullptr);
    ::alarm(kCrashReportSeconds);

    CrashLine line;
    const char* const name = ::sigabbrev_np(signal);
    line << "crash: SIG" << (name == nullptr ? "?" : name);
    if (info->si_code > 0) {
        line << " at address 0x" << CrashLine::Hex{reinterpret_cast<std::uintptr_t>(info->si_addr)};
    }
    line << ", thread " << CrashLine::Decimal{static_cast<std::uint64_t>(::gettid())};
    Write(line);
    if (uncaught[0] != '\0') {
        Write(CrashLine() << "an exception that nobody caught: " << uncaught.data());
    }
    WriteRequests();
    WriteStack();

    for (const int each : kSignals) ::sigaction(each, &by_default, nullptr);
    // A fault happens again as soon as this returns, and its core shows where; what was raised is
    // raised again, and comes then.
    if (info->si_code <= 0) ::raise(signal);
    errno = error;
}

[[noreturn]] void OnTerminate() {
    if (const std::exception_ptr thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& exception) {
            Copy(exception.what(), uncaught);
        } catch (...) {
            Copy("it is no std::exception", uncaught);
        }
    }
    std::abort();
}

}  // namespace

void InstallCrashReport(int fd, CrashReportForm form) {
    report_fd = fd;
    report_form = form;
    std::array<void*, 1> frame{};
    ::backtrace(frame.data(), static_cast<int>(frame.size()));
    OfThisThread();
    std::set_terminate(&OnTerminate);
    struct sigaction action {};
    action.sa_sigaction = &OnCrash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

RunningRequest::RunningRequest(std::uint64_t id, std::uint32_t attempt, std::string_view service,
                               std::string_view route) {
    Slot& slot = OfThisThread().slot;
    Copy(service, slot.service);
    Copy(route, slot.route);
    slot.attempt.store(attempt, std::memory_order_relaxed);
    this_slot = &slot;
    slot.id.store(id, std::memory_order_release);
}

RunningRequest::~RunningRequest() {
    this_slot->id.store(0, std::memory_order_release);
}

}  // namespace holdfast::worker
