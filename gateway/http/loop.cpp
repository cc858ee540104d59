#include "gateway/http/loop.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <new>
#include <vector>

#include "gateway/http/accept.h"
#include "gateway/http/event_set.h"
#include "gateway/http/loop_context.h"
#include "gateway/http/session.h"

namespace holdfast::gateway::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kEventsPerCall = 256;
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

}  // namespace

class Loop::Impl final : public SessionHost {
  public:
    Impl(std::uint32_t index, ServerParts& parts)
        : parts_(parts),
          context_(index, parts.options, parts.router, parts.budget, parts.observer, *this,
                   TickFor(parts.options)),
          poll_(io_, events_.descriptor()),
          tick_(io_),
          completions_(parts.budget.limits().requests, events_) {}

    ~Impl() {
        poll_.release();  // it is the event set's
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
        // Those far above the limit end here: handed over they would wait for their loop, and no
        // limit would count how many.
        const auto deal_or_close = [this, deal = std::move(deal)](int descriptor,
                                                                  std::string client) {
            if (parts_.connections.load(std::memory_order_relaxed) >=
                parts_.options.max_connections + kRefusedAtOnce) {
                context_.counters.Add(Counter::kConnectionsRefused);
                ::close(descriptor);
                return;
            }
            deal(descriptor, std::move(client));
        };
        acceptor_ = std::make_unique<Acceptor>(io_, listener, deal_or_close, parts_.observer);
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

    bool WatchWrites(Session& session) override { return events_.AddWrites(session); }

    CompletionInbox& completions() { return completions_; }
    const CounterBlock& counters() const { return context_.counters; }
    const Watchdog& watchdog() const { return watchdog_; }

  private:
    template <typename F>
    void Turn(F&& body) {
        context_.BeginTurn();
        watchdog_.Stamp(context_.now);
        try {
            body();
        } catch (const std::exception& error) {
            parts_.observer.OnException(error.what());
        }
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
        std::array<epoll_event, kEventsPerCall> room;
        for (unsigned call = 0; call < kCallsPerTurn; ++call) {
            const std::span<const epoll_event> ready = events_.Take(room);
            for (const epoll_event& event : ready) {
                if (event.data.ptr == nullptr) {
                    TakeCompletions();
                    continue;
                }
                auto& session = *static_cast<Session*>(event.data.ptr);
                Guarded(session, [&] { session.OnEvents(event.events); });
            }
            if (ready.size() < room.size()) return;
        }
    }

    void TakeCompletions() {
        completions_.TakeAll(taken_);
        for (Completion& completion : taken_) {
            Waiter* waiter = completion.deferred->waiter;
            if (waiter == nullptr) {
                context_.counters.Add(Counter::kOutcomeCancelled);
                completion = {};  // its permit does not wait for the rest of the batch
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
        if (stopped_) {
            ::close(descriptor);
            parts_.connections.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
        Socket socket(descriptor, parts_.options.send_buffer);
        try {
            if (parts_.options.tls != nullptr) {
                socket.StartTls(std::make_unique<TlsStream>(*parts_.tls.Get(), descriptor));
            }
            sessions_.push_back(nullptr);
            sessions_.back() = new Session(context_, std::move(socket), std::move(client));
        } catch (const std::bad_alloc&) {
            std::erase(sessions_, nullptr);
            parts_.connections.fetch_sub(1, std::memory_order_relaxed);
            throw;
        }
        Session& session = *sessions_.back();
        session.place = static_cast<std::uint32_t>(sessions_.size() - 1);
        context_.counters.Add(Counter::kConnectionsAccepted);
        if (!events_.Add(session)) {
            session.Close();
        } else if (connections_before >= parts_.options.max_connections) {
            Guarded(session, [&] { session.Refuse(); });
        } else if (context_.draining) {
            Guarded(session, [&] { session.OnDrain(); });
        }
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
    EventSet events_;
    asio::posix::stream_descriptor poll_;  ///< the event set, as Asio sees it
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

Loop::Loop(std::uint32_t index, ServerParts& parts) : impl_(std::make_unique<Impl>(index, parts)) {}
Loop::~Loop() = default;

void Loop::Run() {
    impl_->Run();
}
void Loop::Listen(int listener, std::function<void(int, std::string)> deal) {
    impl_->Listen(listener, std::move(deal));
}
void Loop::Adopt(int descriptor, std::string client) {
    impl_->PostAdopt(descriptor, std::move(client));
}
void Loop::Drain() {
    impl_->PostDrain();
}
void Loop::Stop() {
    impl_->PostStop();
}
CompletionInbox& Loop::completions() {
    return impl_->completions();
}
const CounterBlock& Loop::counters() const {
    return impl_->counters();
}
const Watchdog& Loop::watchdog() const {
    return impl_->watchdog();
}

}  // namespace holdfast::gateway::http
