#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

#include "load/engine/connection.h"
#include "load/engine/connection_pool.h"
#include "load/engine/engine.h"
#include "load/engine/recorder.h"
#include "load/engine/schedule.h"
#include "load/flow/journey.h"

namespace holdfast::load {

/// Users on their way through the flow: begins journeys, finds each request a connection, has
/// answers judged, records.
///
/// Open loop: journeys begin at planned times; one without a free connection waits, and its planned
/// time stands. Closed loop: each user begins the next journey when the last has ended.
///
/// Thread: the engine's.
class Traffic final : public ConnectionHost {
  public:
    /// Planned journeys that wait for a connection; a further one is not sent, and counted so.
    static constexpr std::size_t kMaxWaiting = 100'000;
    static constexpr unsigned kBeginAtOnce = 64;
    /// Journeys under way in one process: on a connection, waiting for one, or in a pause.
    static constexpr std::size_t kMaxUsers = 65'536;

    /// Everything outlives it.
    Traffic(const EngineOptions& options, std::shared_ptr<JourneyContext> context,
            ConnectionParts& parts, ConnectionPool& pool, Recorder& recorder);
    ~Traffic() override;

    /// Begins what is due by now, reading the clock itself; at most kBeginAtOnce journeys, so that
    /// a generator which has fallen behind still hears the answers.
    void BeginDue();
    /// The earliest time at which BeginDue has something to do.
    TimePoint next() const;

    /// The profile's time is over. What was planned and has not begun still does (open loop); in a
    /// closed loop no further journey begins. Those under way go on.
    void EndPlan();
    bool HasEnded() const { return plan_ended_ && !(open_loop_ && schedule_.next()); }
    /// Nothing more is sent; what was waiting is counted as unsent.
    void StopSending();
    /// Ends what is under way: the drain is over.
    void GiveUp();
    /// Nothing is under way, and nothing will begin.
    bool IsDone() const { return HasEnded() && under_way_ == 0 && waiting_.empty(); }

    std::size_t in_flight() const { return in_flight_; }
    std::size_t waiting() const { return waiting_.size() + waiting_users_.size(); }

    void OnReady(Connection& connection) override;
    void OnConnectFailed(Connection& connection, std::string_view why) override;
    void OnAnswer(Connection& connection, const ResponseReader& answer) override;
    void OnFailed(Connection& connection, ErrorKind kind, std::string_view why) override;
    void OnAbandoned(Connection& connection) override;
    void OnUnasked(Connection& connection) override;
    void OnClosed(Connection& connection) override;

  private:
    struct User {
        User(std::shared_ptr<JourneyContext> context, std::uint32_t place)
            : journey(std::move(context)), index(place) {}

        Journey journey;
        OutgoingRequest request;
        std::uint32_t index;
        std::uint64_t number = 0;
        TimePoint planned;        ///< of its present request
        bool under_way = false;   ///< false: free, or (closed loop) about to begin the next journey
        bool has_sent = false;    ///< in this journey
        bool has_waited = false;  ///< its request, for a connection
    };
    struct Planned {
        TimePoint at;
        std::uint64_t number;
    };
    struct Pause {
        TimePoint until;
        std::uint32_t user;
        bool operator>(const Pause& other) const { return until > other.until; }
    };

    std::optional<TimePoint> NextPlanned() const;
    void BeginPlanned(Planned planned);
    void BeginUsers();
    void BeginNext(User& user, Connection* held);
    void EndPause(User& user, TimePoint until);

    void Begin(User& user, Planned planned, Connection* held);
    void Proceed(User& user, Connection* held);
    bool FindConnection(User& user, Connection* held);
    void SendOn(Connection& connection, User& user);
    void FailToConnect(User& user);
    void EndJourney(User& user, Connection* held, Duration pause = {});
    User& EndRequest(Connection& connection);
    void Record(User& user, const Connection* connection, const ResponseReader* answer,
                Judgement judgement, bool abandoned = false);

    void Settle(Connection& connection);
    bool ServeWaiting(Connection& connection);
    void OpenForWaiting();
    void FailWaiting();
    void CountUnsent(Planned planned);
    void EndFeeding();

    User* TakeUser();
    User& at(std::uint32_t index) { return *users_[index]; }

    const EngineOptions& options_;
    const std::shared_ptr<JourneyContext> context_;
    ConnectionParts& parts_;
    ConnectionPool& pool_;
    Recorder& recorder_;

    const bool open_loop_;
    Schedule schedule_;
    std::uint64_t next_number_ = 0;  ///< closed loop
    bool users_begun_ = false;
    bool plan_ended_ = false;
    bool sending_stopped_ = false;
    bool exhausted_ = false;  ///< a feeder

    std::vector<std::unique_ptr<User>> users_;
    std::vector<std::uint32_t> free_users_;
    std::deque<Planned> waiting_;              ///< journeys that have not begun
    std::deque<std::uint32_t> waiting_users_;  ///< whose next request has no connection yet
    std::priority_queue<Pause, std::vector<Pause>, std::greater<>> pauses_;
    std::size_t under_way_ = 0;  ///< journeys
    std::size_t in_flight_ = 0;  ///< requests
};

}  // namespace holdfast::load
