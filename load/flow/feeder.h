#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/flow/journey.h"
#include "load/flow/template.h"

namespace holdfast::load {

/// A feeder as the flow file gives it.
struct FeederSpec {
    enum class Format : std::uint8_t { kCsv, kJsonl };
    enum class Order : std::uint8_t { kSequential, kRandom, kShuffle };

    std::string name;
    std::string path;  ///< as it is opened
    Place place{};     ///< of the file's name in the flow file
    Format format = Format::kCsv;
    Order order = Order::kSequential;
    bool repeat = false;                   ///< at_end
    std::vector<Scope::Column> columns{};  ///< those that templates use
};

/// The rows of a feeder; of each row only the columns that are used.
struct Table {
    std::string text;
    struct Field {
        std::size_t begin;
        std::size_t length;
    };
    std::vector<Field> fields;  ///< row by row
    std::size_t columns = 0;
    std::size_t rows = 0;

    std::string_view At(std::size_t row, std::size_t column) const {
        const Field& field = fields[row * columns + column];
        return std::string_view(text).substr(field.begin, field.length);
    }
};

/// RFC 4180 with LF or CRLF and an optional byte order mark; the first line names the columns.
/// Throws FlowError with the data file's line.
Table ReadCsv(std::string_view text, const FeederSpec& spec);
/// A JSON object on each line; strings give their text, all else its JSON. Lines without anything
/// are skipped. Throws FlowError.
Table ReadJsonl(std::string_view text, const FeederSpec& spec);
/// Reads the file. Throws FlowError: with the place in the flow file when it cannot be read.
Table ReadFeeder(const FeederSpec& spec);

/// Deals out rows to one process of several: with the orders sequential and shuffle, row i of a
/// round belongs to process i mod P, so that none is used twice. Thread: one.
class Feeder {
  public:
    Feeder(const FeederSpec& spec, Table table, const RunIdentity& identity);

    /// The next row, or nothing: this process's share has run out.
    std::optional<std::size_t> Next();
    std::string_view At(std::size_t row, std::size_t column) const {
        return table_.At(row, column);
    }

  private:
    void Shuffle();

    Table table_;
    FeederSpec::Order order_;
    bool repeat_;
    RunIdentity identity_;
    std::size_t next_;  ///< within the round
    std::uint64_t round_ = 0;
    std::vector<std::size_t> dealt_;  ///< kShuffle: the order of this round, for all processes
    std::uint64_t drawn_ = 0;         ///< kRandom
};

}  // namespace holdfast::load
