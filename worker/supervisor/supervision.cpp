#include "worker/supervisor/supervision.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace holdfast::worker {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitDrainTimedOut = 3;

SupervisionRules::Duration Doubled(SupervisionRules::Duration last,
                                   SupervisionRules::Duration first,
                                   SupervisionRules::Duration longest) {
    return last == SupervisionRules::Duration{} ? first : std::min(last * 2, longest);
}

}  // namespace

std::string Text(const ChildEnd& end) {
    if (end.signal == 0) return "exit code " + std::to_string(end.exit_code);
    const char* const name = ::sigabbrev_np(end.signal);
    return name == nullptr ? "signal " + std::to_string(end.signal) : "SIG" + std::string(name);
}

Supervision::Supervision(const SupervisionRules& rules, std::function<double()> random)
    : rules_(rules), random_(std::move(random)), places_(rules.processes) {}

void Supervision::Begin(TimePoint now) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        places_[i].current = Start(i, generation_, now);
    }
}

Supervision::Child* Supervision::Find(ChildId id) {
    const auto found = std::ranges::find(children_, id, &Child::id);
    return found == children_.end() ? nullptr : &*found;
}

ChildId Supervision::Start(std::uint32_t place, std::uint32_t generation, TimePoint now) {
    const ChildId id{++last_child_};
    children_.push_back({.id = id, .place = place, .generation = generation, .since = now});
    const Place& of = places_[place];
    orders_.push_back(
        {Order::Kind::kStart, id, place, generation, of.restarts, of.last_crash, of.last_crash_at});
    return id;
}

void Supervision::DrainChild(ChildId id, TimePoint now) {
    Child* const child = Find(id);
    if (child == nullptr || child->state == State::kDraining) return;
    child->state = State::kDraining;
    child->kill_at = now + rules_.drain_limit;
    orders_.push_back({.kind = Order::Kind::kDrain, .child = id, .place = child->place});
}

void Supervision::OnStarted(ChildId id, TimePoint now) {
    Child* const child = Find(id);
    if (child == nullptr || child->state != State::kStarting) return;
    child->state = State::kStarted;
    if (!std::exchange(ever_started_, true)) {
        // Those that had failed waited to see whether it was only they.
        for (std::uint32_t i = 0; i < places_.size(); ++i) {
            Place& place = places_[i];
            if (place.current == ChildId{} && place.start_at == TimePoint::max()) {
                ScheduleRestart(place, i, place.last_crash, now);
            }
        }
    }
    SwitchIfReady(now);
}

void Supervision::OnReady(ChildId id, TimePoint now) {
    Child* const child = Find(id);
    if (child == nullptr || child->state == State::kDraining) return;
    if (child->state == State::kStarting) OnStarted(id, now);
    child->state = State::kReady;
    SwitchIfReady(now);
}

void Supervision::OnEnded(ChildId id, const ChildEnd& end, TimePoint now) {
    Child* const found = Find(id);
    if (found == nullptr) return;
    const Child child = *found;
    std::erase_if(children_, [id](const Child& other) { return other.id == id; });
    if (child.state == State::kDraining) {
        if (draining_ && (end.signal != 0 || end.exit_code != 0)) unclean_ = true;
        return;
    }
    Place& place = places_[child.place];
    if (place.candidate == id) {
        place.candidate = {};
        FailReload(
            "process " + std::to_string(child.place) + " of the new ones ended: " + Text(end), now);
    } else if (place.current == id) {
        OnCurrentEnded(child, end, now);
    }
}

void Supervision::OnCurrentEnded(const Child& child, const ChildEnd& end, TimePoint now) {
    Place& place = places_[child.place];
    place.current = {};
    place.last_crash = Text(end);
    place.last_crash_at = now;
    if (!ever_started_) {
        // One that cannot start at all is no crash to recover from, unless another can.
        const bool all = std::ranges::all_of(
            places_, [](const Place& other) { return other.current == ChildId{}; });
        if (!all) return;
        cannot_start_ = true;
        notices_.push_back({.kind = Notice::Kind::kCannotStart, .reason = place.last_crash});
        return;
    }
    if (now - child.since >= rules_.stable_after) {
        place.delay = {};
        place.quarantine = {};
    }
    ScheduleRestart(place, child.place, place.last_crash, now);
}

void Supervision::ScheduleRestart(Place& place, std::uint32_t index, const std::string& reason,
                                  TimePoint now) {
    place.crashes.push_back(now);
    while (now - place.crashes.front() >= rules_.crash_window) place.crashes.pop_front();
    if (place.crashes.size() >= rules_.crash_limit) {
        place.crashes.clear();
        place.delay = {};
        place.quarantine =
            Doubled(place.quarantine, rules_.first_quarantine, rules_.longest_quarantine);
        place.start_at = now + place.quarantine;
        notices_.push_back(
            {Notice::Kind::kQuarantine, index, generation_, place.quarantine, reason});
        return;
    }
    place.delay = Doubled(place.delay, rules_.first_delay, rules_.longest_delay);
    const auto delay =
        place.delay - std::chrono::duration_cast<Duration>(place.delay * (random_() / 2));
    place.start_at = now + delay;
    notices_.push_back({Notice::Kind::kRestart, index, generation_, delay, reason});
}

bool Supervision::Reload(TimePoint now) {
    if (draining_ || reloading() || cannot_start_) return false;
    ++last_generation_;
    reload_until_ = now + rules_.ready_timeout;
    notices_.push_back({.kind = Notice::Kind::kReloading, .generation = last_generation_});
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        places_[i].candidate = Start(i, last_generation_, now);
    }
    return true;
}

bool Supervision::AnyCurrentReady() const {
    return std::ranges::any_of(children_, [this](const Child& child) {
        return child.state == State::kReady && places_[child.place].current == child.id;
    });
}

/// Welcomed by a gateway, each of them; while the present ones are not either, it is enough that
/// the plugin has started.
bool Supervision::CandidatesAreReady() const {
    const bool welcomed = AnyCurrentReady();
    return std::ranges::all_of(places_, [&](const Place& place) {
        const auto child = std::ranges::find(children_, place.candidate, &Child::id);
        return child != children_.end() &&
               (child->state == State::kReady || (!welcomed && child->state == State::kStarted));
    });
}

void Supervision::SwitchIfReady(TimePoint now) {
    if (!reloading() || !CandidatesAreReady()) return;
    reload_until_.reset();
    generation_ = last_generation_;
    for (Place& place : places_) {
        DrainChild(place.current, now);
        place.current = std::exchange(place.candidate, {});
        // A new build is a new hope.
        place.start_at = TimePoint::max();
        place.crashes.clear();
        place.delay = {};
        place.quarantine = {};
    }
    notices_.push_back({.kind = Notice::Kind::kReloaded, .generation = generation_});
}

void Supervision::FailReload(const std::string& reason, TimePoint now) {
    if (!reloading()) return;
    reload_until_.reset();
    for (Place& place : places_) DrainChild(std::exchange(place.candidate, {}), now);
    notices_.push_back(
        {.kind = Notice::Kind::kReloadFailed, .generation = last_generation_, .reason = reason});
}

void Supervision::Drain(TimePoint now) {
    if (std::exchange(draining_, true)) return;
    FailReload("the worker drains", now);
    for (Place& place : places_) {
        place.start_at = TimePoint::max();
        DrainChild(place.current, now);
    }
}

void Supervision::Tick(TimePoint now) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        Place& place = places_[i];
        if (now < place.start_at) continue;
        place.start_at = TimePoint::max();
        ++place.restarts;
        place.current = Start(i, generation_, now);
    }
    if (reload_until_ && now >= *reload_until_) {
        FailReload("not every new process was ready in time", now);
    }
    for (Child& child : children_) {
        if (now < child.kill_at) continue;
        child.kill_at = TimePoint::max();
        orders_.push_back({.kind = Order::Kind::kKill, .child = child.id, .place = child.place});
        notices_.push_back({.kind = Notice::Kind::kKilled, .place = child.place});
    }
}

Supervision::TimePoint Supervision::NextTick() const {
    TimePoint next = reload_until_.value_or(TimePoint::max());
    for (const Place& place : places_) next = std::min(next, place.start_at);
    for (const Child& child : children_) next = std::min(next, child.kill_at);
    return next;
}

std::optional<int> Supervision::exit_code() const {
    if (!children_.empty()) return std::nullopt;
    if (cannot_start_) return kExitFailed;
    if (draining_) return unclean_ ? kExitDrainTimedOut : 0;
    return std::nullopt;
}

std::vector<Order> Supervision::TakeOrders() {
    return std::exchange(orders_, {});
}

std::vector<Notice> Supervision::TakeNotices() {
    return std::exchange(notices_, {});
}

}  // namespace holdfast::worker
