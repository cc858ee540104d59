#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/flow/yaml.h"

namespace holdfast::load {

/// How a value is written where it is inserted, so that it stays one value there.
enum class Escape : std::uint8_t {
    kNone,    ///< as it is: a text body, a variable
    kJson,    ///< within a JSON string
    kPath,    ///< percent-encoded but for RFC 3986's unreserved characters
    kHeader,  ///< control characters become '?'
    kNumber,  ///< a bare JSON number; as a JSON string when it is none
};

/// A text with `${...}` in it, compiled.
struct Template {
    struct Part {
        enum class Kind : std::uint8_t {
            kLiteral,
            kMark,
            kUuid4,
            kUuid7,
            kCounter,
            kRandom,
            kChoice,
            kNow,
            kTimestamp,
            kRun,
            kJourney,
            kFeeder,
            kVariable,
        };
        Kind kind = Kind::kLiteral;
        Escape escape = Escape::kNone;
        std::string text{};    ///< kLiteral: written as it stands
        std::int64_t low = 0;  ///< kRandom: both ends are included
        std::int64_t high = 0;
        std::vector<std::string> choices{};  ///< kChoice: escaped already
        std::uint32_t index = 0;             ///< kVariable: slot; kFeeder: feeder
        std::uint32_t column = 0;            ///< kFeeder: among the columns that are used
    };
    std::vector<Part> parts;

    bool IsConstant() const {
        return parts.empty() || (parts.size() == 1 && parts[0].kind == Part::Kind::kLiteral);
    }
    /// Of a constant one.
    std::string_view Constant() const {
        return parts.empty() ? std::string_view() : std::string_view(parts[0].text);
    }
    bool Uses(Part::Kind kind) const;
    void Add(std::string_view literal);
    void Add(Part part) { parts.push_back(std::move(part)); }
    void Add(const Template& other);
};

/// The names that templates can use, and which of them they do.
class Scope {
  public:
    struct Column {
        std::string name;
        Place place;  ///< of its first use
    };
    struct Feeder {
        std::string name;
        std::vector<Column> columns;  ///< that are used
    };

    /// A variable whose value is the same for every journey is put in while compiling.
    void AddConstant(std::string name, std::string value);
    /// Another one: of `variables:`, or extracted. The same name again is the same slot.
    std::uint32_t AddVariable(const std::string& name);
    void AddFeeder(std::string name) { feeders_.push_back({std::move(name), {}}); }

    /// nullptr when there is none.
    const std::string* FindConstant(std::string_view name) const;
    const std::uint32_t* FindVariable(std::string_view name) const;
    using Names = std::map<std::string, std::uint32_t, std::less<>>;
    /// The variables so far; Restore forgets those that came later, but no slot is given twice.
    const Names& variables() const { return variables_; }
    void Restore(Names names) { variables_ = std::move(names); }
    bool IsKnown(std::string_view name) const;
    /// Refuses a key that cannot name a variable, because of its characters or because something
    /// else has the name.
    void CheckNewName(const Yaml::Entry& entry) const;
    /// The place of the column among those that are used of its feeder. False when there is no such
    /// feeder.
    bool UseColumn(std::string_view feeder, std::string_view column, const Place& place,
                   Template::Part& part);

    /// Everything that can stand in `${...}`, for messages.
    std::vector<std::string> Known() const;
    std::uint32_t slots() const { return slots_; }
    const std::vector<Feeder>& feeders() const { return feeders_; }

  private:
    std::map<std::string, std::string, std::less<>> constants_;
    Names variables_;
    std::uint32_t slots_ = 0;
    std::vector<Feeder> feeders_;
};

/// Compiles `text`, which stands at `node`: its values are written as `values` says, and what is
/// between them as `between`. `$${` is a literal `${`. Throws FlowError when a name is unknown.
Template CompileTemplate(const Yaml& node, std::string_view text, Escape values, Scope& scope,
                         Escape between = Escape::kNone);

/// A map, list or scalar as JSON text: plain numbers, true, false and null are what they look like,
/// all else is a string. A value that is one `${random ...}`, `${counter}`, `${journey}` or
/// `${number NAME}` and nothing else is a number.
Template CompileJson(const Yaml& node, Scope& scope);

/// Appends `text` as it stands within a JSON string. Invalid UTF-8 is left as it is.
void AppendJsonEscaped(std::string_view text, std::string& out);
/// Whether `text` is a number as RFC 8259 has it.
bool IsJsonNumber(std::string_view text);
void AppendEscaped(std::string_view text, Escape escape, std::string& out);

}  // namespace holdfast::load
