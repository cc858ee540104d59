#include "load/run/round.h"

#include <algorithm>
#include <bit>

namespace holdfast::load {
namespace {

void Put(std::string& bytes, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift & 0xFF);
}

bool Take(std::string_view& from, std::uint64_t& value) {
    if (from.size() < 8) return false;
    value = 0;
    for (unsigned i = 0; i < 8; ++i) {
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
    }
    from.remove_prefix(8);
    return true;
}

std::uint64_t Count(Duration duration) {
    return static_cast<std::uint64_t>(duration.count());
}

Duration ToDuration(std::uint64_t count) {
    return Duration(static_cast<Duration::rep>(count));
}

std::uint32_t Share(std::uint32_t whole, std::uint32_t process, std::uint32_t processes) {
    return whole / processes + (process < whole % processes ? 1 : 0);
}

}  // namespace

std::string Round::Serialize() const {
    std::string bytes;
    Put(bytes, number);
    Put(bytes, Count(start.time_since_epoch()));
    for (const Stage& stage : stages) {
        Put(bytes, std::bit_cast<std::uint64_t>(stage.from));
        Put(bytes, std::bit_cast<std::uint64_t>(stage.to));
        Put(bytes, Count(stage.length));
    }
    return bytes;
}

std::optional<Round> Round::Parse(std::string_view bytes) {
    Round round;
    std::uint64_t number = 0;
    std::uint64_t start = 0;
    if (!Take(bytes, number) || !Take(bytes, start)) return std::nullopt;
    round.number = static_cast<std::uint32_t>(number);
    round.start = TimePoint(ToDuration(start));
    while (!bytes.empty()) {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        std::uint64_t length = 0;
        if (!Take(bytes, from) || !Take(bytes, to) || !Take(bytes, length)) return std::nullopt;
        round.stages.push_back({.from = std::bit_cast<double>(from),
                                .to = std::bit_cast<double>(to),
                                .length = ToDuration(length)});
    }
    return round;
}

std::string RoundEnd::Serialize() const {
    std::string bytes;
    Put(bytes, ledger_recorded);
    Put(bytes, ledger_lost);
    return bytes + ledger_trouble;
}

std::optional<RoundEnd> RoundEnd::Parse(std::string_view bytes) {
    RoundEnd end;
    if (!Take(bytes, end.ledger_recorded) || !Take(bytes, end.ledger_lost)) return std::nullopt;
    end.ledger_trouble = bytes;
    return end;
}

LoadProfile ShareOf(const LoadProfile& whole, std::uint32_t process, std::uint32_t processes) {
    LoadProfile share = whole;
    for (Stage& stage : share.stages) {
        stage.from /= processes;
        stage.to /= processes;
    }
    share.users = Share(whole.users, process, processes);
    share.connections = Share(whole.connections, process, processes);
    return share;
}

double PlannedJourneys(const std::vector<Stage>& stages, Duration from, Duration upto) {
    double planned = 0;
    Duration begin{};
    for (const Stage& stage : stages) {
        const Duration end = begin + stage.length;
        const Duration first = std::max(from, begin);
        const Duration last = std::min(upto, end);
        if (first < last) {
            const auto rate_at = [&](Duration when) {
                const double along = static_cast<double>((when - begin).count()) /
                                     static_cast<double>(stage.length.count());
                return stage.from + (stage.to - stage.from) * along;
            };
            planned += (rate_at(first) + rate_at(last)) / 2 *
                       std::chrono::duration<double>(last - first).count();
        }
        begin = end;
    }
    return planned;
}

}  // namespace holdfast::load
