#include "load/engine/traffic.h"

#include <algorithm>
#include <string>
#include <utility>

namespace holdfast::load {
namespace {

/// Before the next one of a user whose journey had no request in it.
constexpr Duration kEmptyJourney = std::chrono::milliseconds(1);

}  // namespace

Traffic::Traffic(const EngineOptions& options, std::shared_ptr<JourneyContext> context,
                 ConnectionParts& parts, ConnectionPool& pool, Recorder& recorder)
    : options_(options),
      context_(std::move(context)),
      parts_(parts),
      pool_(pool),
      recorder_(recorder),
      open_loop_(options.load.mode != LoadMode::kClosed && !options.trace),
      schedule_(open_loop_ ? options.load.stages : std::vector<Stage>{}, options.identity.process,
                options.identity.processes) {
    parts_.host = this;
}

Traffic::~Traffic() = default;

Traffic::User* Traffic::TakeUser() {
    if (free_users_.empty()) {
        if (users_.size() == kMaxUsers) return nullptr;
        const auto index = static_cast<std::uint32_t>(users_.size());
        users_.push_back(std::make_unique<User>(context_, index));
        return users_.back().get();
    }
    User& user = at(free_users_.back());
    free_users_.pop_back();
    return &user;
}

TimePoint Traffic::next() const {
    TimePoint next = NextPlanned().value_or(TimePoint::max());
    if (!pauses_.empty()) next = std::min(next, pauses_.top().until);
    // Only a back-off holds attempts to connect up; everything else is an event.
    if (waiting() > 0 && pool_.retry_at() > parts_.now) next = std::min(next, pool_.retry_at());
    return next;
}

std::optional<TimePoint> Traffic::NextPlanned() const {
    if (!open_loop_) {
        return users_begun_ || plan_ended_ ? std::nullopt : std::optional(options_.start);
    }
    if (!schedule_.next()) return std::nullopt;
    return options_.start + *schedule_.next();
}

void Traffic::BeginDue() {
    parts_.now = Clock::now();
    for (unsigned begun = 0; begun < kBeginAtOnce; ++begun) {
        const std::optional<TimePoint> at = NextPlanned();
        if (!at || *at > parts_.now) break;
        if (open_loop_) {
            recorder_.current().slip.Record(parts_.now - *at);
            const Planned planned{*at, schedule_.number()};
            schedule_.Advance();
            BeginPlanned(planned);
        } else {
            BeginUsers();
        }
        parts_.now = Clock::now();
    }
    while (!pauses_.empty() && pauses_.top().until <= parts_.now) {
        const Pause pause = pauses_.top();
        pauses_.pop();
        EndPause(at(pause.user), pause.until);
        parts_.now = Clock::now();
    }
    if (waiting() > 0) OpenForWaiting();
}

void Traffic::BeginPlanned(Planned planned) {
    if (pool_.idle() > 0 || pool_.IsDown()) {
        if (User* user = TakeUser()) {
            Begin(*user, planned, nullptr);
            return;
        }
    }
    if (waiting_.size() >= kMaxWaiting) {
        CountUnsent(planned);
        return;
    }
    waiting_.push_back(planned);
    OpenForWaiting();
}

void Traffic::BeginUsers() {
    users_begun_ = true;
    const std::uint32_t users = options_.trace ? 1 : options_.load.users;
    for (std::uint32_t i = 0; i < users; ++i) {
        if (User* user = TakeUser()) BeginNext(*user, nullptr);
    }
}

/// Closed loop.
void Traffic::BeginNext(User& user, Connection* held) {
    const std::uint64_t number =
        next_number_++ * options_.identity.processes + options_.identity.process;
    Begin(user, {parts_.now, number}, held);
}

void Traffic::EndPause(User& user, TimePoint until) {
    if (!user.under_way) {
        if (!plan_ended_) BeginNext(user, nullptr);
        return;
    }
    recorder_.current().slip.Record(parts_.now - until);
    if (FindConnection(user, nullptr)) return;
    FailToConnect(user);
    Proceed(user, nullptr);
}

// `held` is an idle connection that the caller has, or null. Whoever holds one settles it if it is
// idle still afterwards.

void Traffic::Begin(User& user, Planned planned, Connection* held) {
    user.number = planned.number;
    user.planned = planned.at;
    user.under_way = true;
    user.has_sent = false;
    user.has_waited = open_loop_ && held != nullptr;
    ++under_way_;
    user.journey.Begin(planned.number);
    Proceed(user, held);
}

/// To the next request that is sent, waits or comes after a pause, or to the journey's end.
void Traffic::Proceed(User& user, Connection* held) {
    for (bool first = !user.has_sent;; first = false) {
        Duration pause{};
        const Journey::Next next = user.journey.Advance(user.request, pause);
        if (next == Journey::Next::kExhausted) EndFeeding();
        if (next != Journey::Next::kRequest || sending_stopped_) {
            EndJourney(user, held, pause);
            return;
        }
        user.planned = (first ? user.planned : parts_.now) + pause;
        if (pause > Duration::zero()) {
            pauses_.push({user.planned, user.index});
            return;
        }
        if (FindConnection(user, held)) return;
        FailToConnect(user);
    }
}

/// True: the user's request is sent, or waits. False: there is no way to the target.
bool Traffic::FindConnection(User& user, Connection* held) {
    Connection* connection = held != nullptr ? held : pool_.Take();
    if (connection != nullptr) {
        SendOn(*connection, user);
        return true;
    }
    if (pool_.IsDown()) return false;
    user.has_waited = true;
    waiting_users_.push_back(user.index);
    OpenForWaiting();
    return true;
}

void Traffic::SendOn(Connection& connection, User& user) {
    connection.user = user.index;
    connection.last_step = user.request.step;
    user.has_sent = true;
    ++in_flight_;
    StepInterval& step = recorder_.step(user.request.step);
    ++step.sent;
    step.bytes_out += user.request.bytes.size();
    // That the generator woke late is slip, and no fault of the connections.
    step.blocked.Record(std::exchange(user.has_waited, false) ? parts_.now - user.planned
                                                              : Duration::zero());
    if (options_.trace) options_.trace(">", user.request.bytes);
    connection.Send(user.request);
}

void Traffic::FailToConnect(User& user) {
    Record(user, nullptr, nullptr, {ErrorKind::kConnect, pool_.why_down()});
    user.has_sent = true;
    user.journey.Fail(ErrorKind::kConnect);
}

/// `pause`: a closed loop's user waits so long before the next journey.
void Traffic::EndJourney(User& user, Connection* held, Duration pause) {
    user.under_way = false;
    --under_way_;
    if (options_.trace) EndPlan();
    if (open_loop_ || plan_ended_) {
        free_users_.push_back(user.index);
    } else if (pool_.IsDown()) {
        pauses_.push({pool_.retry_at(), user.index});
    } else if (pause > Duration::zero() || !user.has_sent) {
        pauses_.push({parts_.now + std::max(pause, kEmptyJourney), user.index});
    } else {
        // Users without a connection come before one that would keep his.
        BeginNext(user, waiting_users_.empty() ? held : nullptr);
    }
}

}  // namespace holdfast::load
