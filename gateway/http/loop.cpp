#include "gateway/http/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <system_error>
#include <vector>

#include "gateway/http/accept.h"
#include "gateway/http/loop_context.h"
#include "gateway/http/session.h"

namespace holdfast::gateway::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kEventsPerCall = 256;
constexpr unsigned kCallsPerTurn = 4;
constexpr Duration kMinTick = std::chrono::milliseconds(5);
constexpr Duration kMaxTick = Watchdog::kStampInterval;
constexpr unsigned kTicksPerTimeout = 8;

/// Above max_connections this many at a time are told so; more are closed without a word.
constexpr std::uint32_t kRefusedAtOnce = 64;

Duration TickFor(const ServerOptions& options) {
    const Duration shortest =
        std::min({options.head_timeout, options.body_timeout, options.idle_timeout,
                  options.write_timeout, options.linger_timeout});
    return std::clamp(shortest / kTicksPerTimeout, kMinTick, kMaxTick);
}

int Checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

}  // namespace

class Loop::Impl final : public SessionHost, public Waker {
  public:
    Impl(std::uint32_t index, ServerParts& parts)
        : parts_(parts),
          context_(index, parts.options, parts.router, parts.budget, parts.observer, *this,
                   TickFor(parts.options)),
          poll_(io_, Checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          wake_(io_, Checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
          tick_(io_),
          completions_(parts.budget.limits().requests, *this) {
        epoll_event event{};
        // Edge-triggered and never read: each write is a new edge, and saves the read.
        event.events = EPOLLIN | EPOLLET;
        event.data.ptr = nullptr;
        Checked(::epoll_ctl(poll_.native_handle(), EPOLL_CTL_ADD, wake_.native_handle(), &event),
                "epoll_ctl");
    }

    ~Impl() {
        for (Session* session : retired_) delete session;
        std::vector<Completion> late;
        completions_.TakeAll(late);
    }

    void Run() {
        context_.BeginTurn();
        watchdog_.Stamp(context_.now);
        WaitForEvents();
        WaitForTick();
        io_.run();
    }

    void Listen(int listener, Acceptor::Deal deal) {
        acceptor_ = std::make_unique<Acceptor>(io_, listener, std::move(deal), parts_.observer);
    }

    void PostAdopt(int descriptor, std::string client) {
        // Counted here, before the hand-over, so that a burst cannot outrun the limit.
        const std::uint32_t before = parts_.connections.fetch_add(1, std::memory_order_relaxed);
        asio::post(io_, [this, descriptor, before, client = std::move(client)]() mutable {
            Turn([&] { Adopt(descriptor, std::move(client), before); });
        });
    }

    void PostDrain() {
        asio::post(io_, [this] { Turn([this] { Drain(); }); });
    }

    void PostStop() {
        asio::post(io_, [this] { Turn([this] { StopNow(); }); });
    }

    void Retire(Session& session) override {
        sessions_[session.place] = sessions_.back();
        sessions_[session.place]->place = session.place;
        sessions_.pop_back();
        std::erase(requeued_, &session);
        retired_.push_back(&session);
        parts_.connections.fetch_sub(1, std::memory_order_relaxed);
    }

    void Requeue(Session& session) override {
        if (requeued_.empty()) {
            asio::post(io_, [this] { Turn([this] { RunRequeued(); }); });
        }
        requeued_.push_back(&session);
    }

    bool WatchWrites(Session& session) override { return Register(session, EPOLL_CTL_MOD, EPOLLOUT); }

    /// Any thread.
    void Wake() override {
        const std::uint64_t one = 1;
        // It cannot fail but by overflowing, after 2^64 - 2 wake-ups.
        [[maybe_unused]] const ssize_t written = ::write(wake_.native_handle(), &one, sizeof one);
    }

    CompletionInbox& completions() { return completions_; }
    const CounterBlock& counters() const { return context_.counters; }
    const Watchdog& watchdog() const { return watchdog_; }

  private:
    template <typename F>
    void Turn(F&& body) {
        context_.BeginTurn();
        watchdog_.Stamp(context_.now);
        body();
        parts_.bus.PushAll(context_.batch);
        for (Session* session : retired_) delete session;
        retired_.clear();
    }

    /// A session whose memory ran out is closed; the others go on.
    template <typename F>
    void Guarded(Session& session, F&& call) {
        try {
            call();
        } catch (const std::exception& error) {
            parts_.observer.OnException(error.what());
            session.Close();
        }
    }

    void WaitForEvents() {
        poll_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
            if (error || stopped_) return;
            Turn([this] { TakeEvents(); });
            if (!stopped_) WaitForEvents();
        });
    }

    void TakeEvents() {
        std::array<epoll_event, kEventsPerCall> events;
        for (unsigned call = 0; call < kCallsPerTurn; ++call) {
            const int count = ::epoll_wait(poll_.native_handle(), events.data(), kEventsPerCall, 0);
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[static_cast<std::size_t>(i)];
                if (event.data.ptr == nullptr) {
                    TakeCompletions();
                    continue;
                }
                auto& session = *static_cast<Session*>(event.data.ptr);
                Guarded(session, [&] { session.OnEvents(event.events); });
            }
            if (count < kEventsPerCall) return;
        }
    }

    void TakeCompletions() {
        completions_.TakeAll(taken_);
        for (Completion& completion : taken_) {
            Waiter* waiter = completion.deferred->waiter;
            if (waiter == nullptr) {
                context_.counters.Add(Counter::kOutcomeCancelled);
                continue;
            }
            auto& session = static_cast<Session&>(*waiter);
            Guarded(session, [&] { session.OnCompleted(std::move(completion)); });
        }
        taken_.clear();
    }

    void WaitForTick() {
        tick_.expires_after(context_.wheel.tick());
        tick_.async_wait([this](error_code error) {
            if (error || stopped_) return;
            Turn([this] {
                context_.wheel.Advance(context_.now, [this](DeadlineEntry& entry) {
                    auto& session = static_cast<Session&>(entry);
                    Guarded(session, [&] { session.OnDeadline(); });
                });
            });
            WaitForTick();
        });
    }

    void RunRequeued() {
        std::vector<Session*> sessions;
        sessions.swap(requeued_);
        for (Session* session : sessions) {
            Guarded(*session, [&] { session->OnRequeued(); });
        }
    }

    void Adopt(int descriptor, std::string client, std::uint32_t connections_before) {
        const std::uint32_t limit = parts_.options.max_connections;
        if (stopped_ || connections_before >= limit + kRefusedAtOnce) {
            if (!stopped_) context_.counters.Add(Counter::kConnectionsRefused);
            ::close(descriptor);
            parts_.connections.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
        auto owned = std::make_unique<Session>(context_, Socket(descriptor), std::move(client));
        Session& session = *owned;
        session.place = static_cast<std::uint32_t>(sessions_.size());
        sessions_.push_back(owned.release());
        context_.counters.Add(Counter::kConnectionsAccepted);
        if (!Register(session, EPOLL_CTL_ADD, 0)) {
            session.Close();
            return;
        }
        if (connections_before >= limit) Guarded(session, [&] { session.Refuse(); });
    }

    bool Register(Session& session, int operation, std::uint32_t more) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | more;
        event.data.ptr = &session;
        return ::epoll_ctl(poll_.native_handle(), operation, session.descriptor(), &event) == 0;
    }

    void Drain() {
        context_.draining = true;
        if (acceptor_ != nullptr) acceptor_->Finish();
        // Closing one moves another into its place.
        for (std::size_t i = sessions_.size(); i-- > 0;) sessions_[i]->OnDrain();
    }

    void StopNow() {
        if (acceptor_ != nullptr) acceptor_->Close();
        TakeCompletions();
        stopped_ = true;
        while (!sessions_.empty()) sessions_.back()->Close();
        tick_.cancel();
        poll_.cancel();
    }

    ServerParts& parts_;
    asio::io_context io_{1};
    LoopContext context_;
    asio::posix::stream_descriptor poll_;
    asio::posix::stream_descriptor wake_;
    asio::steady_timer tick_;
    std::unique_ptr<Acceptor> acceptor_;
    Watchdog watchdog_;
    bool stopped_ = false;
    std::vector<Session*> sessions_;  ///< owned
    std::vector<Session*> retired_;   ///< owned, closed
    std::vector<Session*> requeued_;
    std::vector<Completion> taken_;
    CompletionInbox completions_;
};

Loop::Loop(std::uint32_t index, ServerParts& parts)
    : impl_(std::make_unique<Impl>(index, parts)) {}
Loop::~Loop() = default;

void Loop::Run() { impl_->Run(); }
void Loop::Listen(int listener, std::function<void(int, std::string)> deal) {
    impl_->Listen(listener, std::move(deal));
}
void Loop::Adopt(int descriptor, std::string client) {
    impl_->PostAdopt(descriptor, std::move(client));
}
void Loop::Drain() { impl_->PostDrain(); }
void Loop::Stop() { impl_->PostStop(); }
CompletionInbox& Loop::completions() { return impl_->completions(); }
const CounterBlock& Loop::counters() const { return impl_->counters(); }
const Watchdog& Loop::watchdog() const { return impl_->watchdog(); }

}  // namespace holdfast::gateway::http
