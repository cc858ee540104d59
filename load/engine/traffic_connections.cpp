#include <string>

#include "load/engine/traffic.h"

// What connections tell, and those that wait for one.

namespace holdfast::load {
namespace {

constexpr std::uint16_t kFirstBadStatus = 400;

}  // namespace

void Traffic::OnReady(Connection& connection) {
    pool_.Opened(connection);
    Settle(connection);
}

void Traffic::OnConnectFailed(Connection& connection, std::string_view why) {
    pool_.Failed(connection, why);
    if (waiting() > 0) OpenForWaiting();
}

void Traffic::OnAnswer(Connection& connection, const ResponseReader& answer) {
    User& user = EndRequest(connection);
    Judgement judgement;
    if (options_.checks) {
        judgement = user.journey.Judge(answer.response());
    } else if (answer.response().status >= kFirstBadStatus) {
        judgement = {ErrorKind::kStatus, "status 400 or above"};
    }
    if (options_.trace) {
        options_.trace("<", std::string(answer.head()).append(answer.response().body));
    }
    Record(user, &connection, &answer, judgement);
    const bool kept = connection.state() == Connection::State::kIdle;
    Proceed(user, kept ? &connection : nullptr);
    if (kept) Settle(connection);
    if (waiting() > 0) OpenForWaiting();
}

void Traffic::OnFailed(Connection& connection, ErrorKind kind, std::string_view why) {
    User& user = EndRequest(connection);
    Record(user, &connection, nullptr, {kind, why});
    user.journey.Fail(kind);
    Proceed(user, nullptr);
    if (waiting() > 0) OpenForWaiting();
}

void Traffic::OnAbandoned(Connection& connection) {
    User& user = EndRequest(connection);
    Record(user, &connection, nullptr, {}, true);
    user.journey.Fail(ErrorKind::kDisconnected);
    Proceed(user, nullptr);
    if (waiting() > 0) OpenForWaiting();
}

/// One answer too many: it is one more answer of the step whose own came before, and an error.
void Traffic::OnUnasked(Connection& connection) {
    pool_.Closed(connection, true);
    StepInterval& step = recorder_.step(connection.last_step);
    ++step.answered;
    ++step.errors[static_cast<std::size_t>(ErrorKind::kMalformed)];
    recorder_.Note(connection.last_step, "bytes that nobody had asked for came after the answer");
}

void Traffic::OnClosed(Connection& connection) {
    pool_.Closed(connection, true);
}

Traffic::User& Traffic::EndRequest(Connection& connection) {
    --in_flight_;
    if (connection.state() == Connection::State::kClosed) pool_.Closed(connection, false);
    return at(connection.user);
}

void Traffic::Record(User& user, const Connection* connection, const ResponseReader* answer,
                     Judgement judgement, bool abandoned) {
    Ended ended;
    ended.journey = user.number;
    ended.request = &user.request;
    ended.planned = user.planned;
    ended.now = parts_.now;
    if (connection != nullptr) {
        ended.begun = connection->begun();
        ended.bytes_in = connection->bytes_in();
    }
    if (answer != nullptr) ended.response = &answer->response();
    ended.error = judgement.error;
    ended.detail = judgement.detail;
    ended.abandoned = abandoned;
    recorder_.Record(ended, options_.checks);
}

/// An idle connection goes to who has waited longest, else to the pool.
void Traffic::Settle(Connection& connection) {
    while (connection.state() == Connection::State::kIdle && ServeWaiting(connection)) {
    }
    if (connection.state() == Connection::State::kIdle) pool_.Release(connection);
}

bool Traffic::ServeWaiting(Connection& connection) {
    const bool user_first =
        !waiting_users_.empty() &&
        (waiting_.empty() || at(waiting_users_.front()).planned <= waiting_.front().at);
    if (user_first) {
        User& user = at(waiting_users_.front());
        waiting_users_.pop_front();
        SendOn(connection, user);
        return true;
    }
    if (waiting_.empty()) return false;
    User* user = TakeUser();
    if (user == nullptr) return false;
    const Planned planned = waiting_.front();
    waiting_.pop_front();
    Begin(*user, planned, &connection);
    return true;
}

void Traffic::OpenForWaiting() {
    pool_.OpenFor(waiting());
    if (pool_.IsDown()) FailWaiting();
}

/// There is no way to the target: whoever waits learns it now, not at the end of the run.
void Traffic::FailWaiting() {
    std::deque<std::uint32_t> users;
    users.swap(waiting_users_);
    for (const std::uint32_t index : users) {
        FailToConnect(at(index));
        Proceed(at(index), nullptr);
    }
    std::deque<Planned> planned;
    planned.swap(waiting_);
    for (const Planned& each : planned) {
        if (User* user = TakeUser()) {
            Begin(*user, each, nullptr);
        } else {
            waiting_.push_back(each);
        }
    }
}

void Traffic::CountUnsent(Planned planned) {
    User* user = exhausted_ ? nullptr : TakeUser();
    if (user == nullptr) {
        ++recorder_.step(0).errors[static_cast<std::size_t>(ErrorKind::kUnsent)];
        return;
    }
    user->number = planned.number;
    user->planned = planned.at;
    user->journey.Begin(planned.number);
    Duration pause{};
    if (user->journey.Advance(user->request, pause) == Journey::Next::kRequest) {
        Record(*user, nullptr, nullptr, {ErrorKind::kUnsent, "no connection was free"});
    }
    free_users_.push_back(user->index);
}

}  // namespace holdfast::load
