#include "load/flow/feeder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <utility>

#include "load/flow/random.h"

namespace holdfast::load {
namespace {

// A feeder is held in memory, once in each process.
constexpr std::uintmax_t kMaxBytes = 256U << 20;

}  // namespace

Table ReadFeeder(const FeederSpec& spec) {
    const std::string what = "the feeder's file " + Quoted(spec.path);
    std::error_code error;
    if (std::filesystem::is_directory(spec.path, error)) spec.place.Fail(what + " is a folder");
    std::ifstream stream(spec.path, std::ios::binary);
    if (!stream) spec.place.Fail(what + " cannot be read: " + std::strerror(errno));
    const std::uintmax_t size = std::filesystem::file_size(spec.path, error);
    if (!error && size > kMaxBytes) {
        spec.place.Fail(what + " is larger than 256 MiB, and is held in memory; take a part of it");
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return spec.format == FeederSpec::Format::kCsv ? ReadCsv(text, spec) : ReadJsonl(text, spec);
}

Feeder::Feeder(const FeederSpec& spec, Table table, const RunIdentity& identity)
    : table_(std::move(table)),
      order_(spec.order),
      repeat_(spec.repeat),
      identity_(identity),
      next_(identity.process) {
    if (order_ == FeederSpec::Order::kShuffle) Shuffle();
}

void Feeder::Shuffle() {
    dealt_.resize(table_.rows);
    std::iota(dealt_.begin(), dealt_.end(), std::size_t{0});
    // The same in every process: each takes its share of one order.
    Random random(identity_.seed, round_);
    for (std::size_t left = dealt_.size(); left > 1; --left) {
        std::swap(dealt_[left - 1], dealt_[random.Below(left)]);
    }
}

std::optional<std::size_t> Feeder::Next() {
    if (order_ == FeederSpec::Order::kRandom) {
        Random random(identity_.seed ^ 0xFEEDULL,
                      drawn_++ * identity_.processes + identity_.process);
        return random.Below(table_.rows);
    }
    if (next_ >= table_.rows) {
        if (!repeat_) return std::nullopt;
        ++round_;
        // A process beyond the number of rows has no share of its own.
        next_ = identity_.process % table_.rows;
        if (order_ == FeederSpec::Order::kShuffle) Shuffle();
    }
    const std::size_t row = order_ == FeederSpec::Order::kShuffle ? dealt_[next_] : next_;
    next_ += identity_.processes;
    return row;
}

}  // namespace holdfast::load
