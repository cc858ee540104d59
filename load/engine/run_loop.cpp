#include "load/engine/run_loop.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "load/engine/connection_pool.h"
#include "load/engine/recorder.h"
#include "load/engine/traffic.h"

namespace holdfast::load {

namespace asio = boost::asio;
using boost::system::error_code;

class RunLoop::Impl {
  public:
    Impl(const Flow& flow, const EngineOptions& options, std::shared_ptr<JourneyContext> context,
         const std::vector<Address>& addresses, ConnectionParts& parts,
         const std::atomic<bool>& stop)
        : options_(options),
          parts_(parts),
          stop_(stop),
          end_(options.trace ? TimePoint::max() : options.start + options.load.Length()),
          recorder_(flow, options.start, options.ledger, options.on_interval),
          pool_(parts, addresses, parts.deadlines.size()),
          traffic_(options, std::move(context), parts, pool_, recorder_),
          events_(io_, parts.events.descriptor()),
          timer_(io_) {}
    ~Impl() { events_.release(); }  // it is the event set's
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void Run() {
        parts_.now = Clock::now();
        WaitForEvents();
        Settle();
        io_.run();
        recorder_.Finish(Gauges());
    }

  private:
    void WaitForEvents() {
        events_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
            if (error) return;
            TakeEvents();
            WaitForEvents();
            Settle();
        });
    }

    /// Sleeps until `due`, unless that is what it does already.
    void WaitUntil(TimePoint due) {
        if (due == sleeping_until_) return;
        sleeping_until_ = due;
        timer_.expires_at(due);
        timer_.async_wait([this](error_code error) {
            if (error) return;
            sleeping_until_.reset();
            Settle();
        });
    }

    void TakeEvents() {
        parts_.now = Clock::now();
        for (const epoll_event& event : parts_.events.Take()) {
            if (event.data.u64 == EventSet::kWakeTag) continue;
            Connection* connection = pool_.ByTag(event.data.u64);
            if (connection != nullptr) connection->OnEvents(event.events);
            // A long batch of answers holds up nothing that is due.
            if (traffic_.next() <= parts_.now) traffic_.BeginDue();
        }
    }

    /// Does what is due, looks whether the run is over, and sleeps on.
    void Settle() {
        traffic_.BeginDue();
        parts_.deadlines.Expire(parts_.now, [this](std::uint32_t i) { pool_.at(i).OnDeadline(); });
        recorder_.Roll(parts_.now, Gauges());
        LookAtTheEnd();
        if (traffic_.IsDone()) {
            io_.stop();
            return;
        }
        WaitUntil(std::min(
            {give_up_.value_or(end_), traffic_.next(), parts_.deadlines.next(), recorder_.next()}));
    }

    void LookAtTheEnd() {
        if (stop_ && !stopped_) {
            stopped_ = true;
            traffic_.StopSending();
            give_up_ = parts_.now + options_.drain;
        } else if (!give_up_ && parts_.now >= end_) {
            traffic_.EndPlan();
            give_up_ = end_ + options_.drain;
        }
        if (give_up_ && parts_.now >= *give_up_) traffic_.GiveUp();
    }

    Recorder::Gauges Gauges() {
        recorder_.current().connects += pool_.TakeOpenedCount();
        return {traffic_.in_flight(), traffic_.waiting(), pool_.open()};
    }

    const EngineOptions& options_;
    ConnectionParts& parts_;
    const std::atomic<bool>& stop_;
    const TimePoint end_;
    Recorder recorder_;
    ConnectionPool pool_;
    Traffic traffic_;

    asio::io_context io_{1};
    asio::posix::stream_descriptor events_;  ///< the event set, as Asio sees it
    asio::steady_timer timer_;
    std::optional<TimePoint> sleeping_until_;
    bool stopped_ = false;
    std::optional<TimePoint> give_up_;  ///< the drain's end
};

RunLoop::RunLoop(const Flow& flow, const EngineOptions& options,
                 std::shared_ptr<JourneyContext> context, const std::vector<Address>& addresses,
                 ConnectionParts& parts, const std::atomic<bool>& stop)
    : impl_(std::make_unique<Impl>(flow, options, std::move(context), addresses, parts, stop)) {}
RunLoop::~RunLoop() = default;

void RunLoop::Run() {
    impl_->Run();
}

}  // namespace holdfast::load
