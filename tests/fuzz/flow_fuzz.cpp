#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "load/flow/feeder.h"
#include "load/flow/flow.h"
#include "load/flow/journey.h"

namespace {

using namespace holdfast::load;

void ReadAsFeeder(std::string_view text) {
    FeederSpec spec{.name = "f", .path = "fuzz.csv"};
    spec.place.file = std::make_shared<const std::string>("flow.yaml");
    spec.columns = {{"a", spec.place}, {"b", spec.place}};
    for (const auto read : {ReadCsv, ReadJsonl}) {
        try {
            const Table table = read(text, spec);
            if (table.rows == 0 || table.fields.size() != 2 * table.rows) std::abort();
            if (table.At(table.rows - 1, 1).size() > text.size() * 6) std::abort();
        } catch (const FlowError&) {
        }
    }
}

/// A flow that was accepted can be walked, and whatever answers come, it ends or goes on.
void WalkThrough(const Flow& flow, std::string_view text) {
    Journey journey(MakeJourneyContext(flow, {.run = "fuzz", .seed = text.size()}, "host"));
    OutgoingRequest out;
    Duration pause{};
    for (std::uint64_t number = 0; number < 4; ++number) {
        journey.Begin(number);
        for (int steps = 0; steps < 50; ++steps) {
            if (journey.Advance(out, pause) != Journey::Next::kRequest) break;
            if (out.step >= flow.steps.size() || pause < Duration::zero()) std::abort();
            if (out.bytes.find("\r\n\r\n") == std::string::npos) std::abort();
            const HeaderView header{"location", text.substr(0, 8)};
            const std::string_view body = steps % 2 == 0 ? text : R"({"customer":"load-fuzz-1"})";
            journey.Judge({.status = 200, .headers = {&header, 1}, .body = body});
        }
    }
}

}  // namespace

// Whatever the bytes are: a flow or one line that says why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ReadAsFeeder(text);
    try {
        const Flow flow = ParseFlow(text, "fuzz.yaml");
        WalkThrough(flow, text);
    } catch (const FlowError& error) {
        const std::string_view message = error.what();
        if (!message.starts_with("fuzz.yaml:") && message.find(':') == std::string_view::npos) {
            std::abort();
        }
        if (message.find('\n') != std::string_view::npos) std::abort();
    }
    return 0;
}
