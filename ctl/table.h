#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::ctl {

/// A table with aligned columns; columns of figures are aligned right.
class Table {
  public:
    explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
    void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    bool empty() const { return rows_.size() == 1; }
    void Print(std::ostream& out) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// Control characters become '?', so that what a worker calls itself cannot steer the terminal.
std::string Printable(std::string text);
/// A value of an answer as printable text: "-" when it is absent.
std::string Show(const nlohmann::ordered_json& object, std::string_view key);
/// "1.5 MiB".
std::string ShowBytes(std::uint64_t bytes);
/// A member as a number; 0 when it is absent or no number.
std::uint64_t Number(const nlohmann::ordered_json& object, std::string_view key);
/// A member that is an array or object; empty when it is absent.
nlohmann::ordered_json Member(const nlohmann::ordered_json& object, std::string_view key);

}  // namespace holdfast::ctl
