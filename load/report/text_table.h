#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {

/// Rows of cells in columns: the first column to the left, the others to the right.
class TextTable {
  public:
    void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    void Print(std::ostream& out) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// Colours of a terminal, or nothing.
struct Palette {
    explicit Palette(bool colour) : on(colour) {}
    std::string_view Bold() const { return on ? "\x1b[1m" : ""; }
    std::string_view Dim() const { return on ? "\x1b[2m" : ""; }
    std::string_view Good() const { return on ? "\x1b[32m" : ""; }
    std::string_view Bad() const { return on ? "\x1b[31m" : ""; }
    std::string_view Warn() const { return on ? "\x1b[33m" : ""; }
    std::string_view Plain() const { return on ? "\x1b[0m" : ""; }
    bool on;
};

/// `share` (0 to 1) of `columns` as a bar of eighths.
std::string Bar(double share, std::size_t columns);

}  // namespace holdfast::load
