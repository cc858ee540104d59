#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "load/flow/feeder.h"

namespace holdfast::load {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view WithoutMark(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    return text;
}

[[noreturn]] void FailAt(const FeederSpec& spec, std::size_t line, const std::string& what) {
    Place{std::make_shared<const std::string>(spec.path), line, 1}.Fail(what);
}

[[noreturn]] void NoSuchColumn(const FeederSpec& spec, const Scope::Column& column,
                               const std::vector<std::string>& names) {
    column.place.Fail(
        "feeder " + Quoted(spec.name) + " has no column " + Quoted(column.name) + "; " +
        Suggestion(column.name, std::vector<std::string_view>(names.begin(), names.end())));
}

void AddField(std::string_view value, Table& table) {
    table.fields.push_back({table.text.size(), value.size()});
    table.text += value;
}

/// Records of a CSV text, one after the other.
class CsvReader {
  public:
    CsvReader(std::string_view text, const FeederSpec& spec)
        : text_(WithoutMark(text)), spec_(spec) {}

    /// False at the end. Lines without anything are skipped.
    bool Next(std::vector<std::string>& record) {
        while (at_ < text_.size() && SkipLineEnd()) {
        }
        if (at_ == text_.size()) return false;
        line_of_record_ = line_;
        record.clear();
        do {
            Field(record.emplace_back());
        } while (Skip(','));
        if (at_ < text_.size() && !SkipLineEnd())
            Fail("a quoted field ends with a quote, then a comma or the line's end must come");
        return true;
    }
    [[noreturn]] void Fail(const std::string& what) const { FailAt(spec_, line_of_record_, what); }

  private:
    bool Skip(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool SkipLineEnd() {
        const std::size_t width = text_.substr(at_).starts_with("\r\n") ? 2 : 1;
        if (width == 1 && text_[at_] != '\n') return false;
        at_ += width;
        ++line_;
        return true;
    }
    void Field(std::string& field) {
        if (!Skip('"')) {
            const std::size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
            field = text_.substr(at_, end - at_);
            if (end < text_.size() && text_[end] == '\n' && field.ends_with('\r')) field.pop_back();
            at_ += field.size();
            return;
        }
        while (true) {
            const std::size_t end = text_.find('"', at_);
            if (end == std::string_view::npos)
                Fail("a quoted field has no end; double a quote within it");
            const std::string_view piece = text_.substr(at_, end - at_);
            line_ += static_cast<std::size_t>(std::ranges::count(piece, '\n'));
            field += piece;
            at_ = end + 1;
            if (!Skip('"')) return;
            field += '"';
        }
    }

    std::string_view text_;
    const FeederSpec& spec_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t line_of_record_ = 1;
};

}  // namespace

Table ReadCsv(std::string_view text, const FeederSpec& spec) {
    CsvReader reader(text, spec);
    std::vector<std::string> names;
    if (!reader.Next(names)) FailAt(spec, 1, "the file is empty; its first line names the columns");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::ranges::count(names, names[i]) > 1) {
            reader.Fail("two columns are called " + Quoted(names[i]));
        }
    }
    Table table;
    table.columns = spec.columns.size();
    std::vector<std::size_t> wanted;
    for (const Scope::Column& column : spec.columns) {
        const auto found = std::ranges::find(names, column.name);
        if (found == names.end()) NoSuchColumn(spec, column, names);
        wanted.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    std::vector<std::string> record;
    while (reader.Next(record)) {
        if (record.size() != names.size()) {
            reader.Fail("there are " + std::to_string(record.size()) + " fields, but " +
                        std::to_string(names.size()) + " columns");
        }
        for (const std::size_t column : wanted) AddField(record[column], table);
        ++table.rows;
    }
    if (table.rows == 0) FailAt(spec, 1, "there are no rows below the names of the columns");
    return table;
}

Table ReadJsonl(std::string_view text, const FeederSpec& spec) {
    text = WithoutMark(text);
    Table table;
    table.columns = spec.columns.size();
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view row = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const auto json = nlohmann::json::parse(row, nullptr, false);
        if (!json.is_object()) FailAt(spec, line, "this is not a JSON object on one line");
        for (const Scope::Column& column : spec.columns) {
            const auto found = json.find(column.name);
            if (found == json.end()) {
                std::vector<std::string> names;
                for (const auto& item : json.items()) names.push_back(item.key());
                if (table.rows == 0) NoSuchColumn(spec, column, names);
                FailAt(spec, line, "the row has no " + Quoted(column.name));
            }
            AddField(found->is_string()
                         ? found->get_ref<const std::string&>()
                         : found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                     table);
        }
        ++table.rows;
    }
    if (table.rows == 0) FailAt(spec, 1, "the file is empty; each line is a JSON object");
    return table;
}

}  // namespace holdfast::load
