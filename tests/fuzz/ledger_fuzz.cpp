// Whatever a ledger's line holds, it is one of the kinds there are; and whatever an answer held,
// the line that was written of it is read back as that request.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "load/truth/file_ledger.h"
#include "load/truth/ledger_reader.h"

namespace {

using namespace holdfast::load;

constexpr std::size_t kMaxText = 400;

void Require(bool holds) {
    if (!holds) std::abort();
}

/// A file of this process's own, gone with it.
struct File {
    std::string path =
        std::filesystem::temp_directory_path() / ("ledger-fuzz-" + std::to_string(::getpid()));
    ~File() { ::unlink(path.c_str()); }
};

void WriteAndRead(FuzzedDataProvider& input) {
    static const File file;
    ::unlink(file.path.c_str());
    const std::string mark = "fuzz-" + std::to_string(input.ConsumeIntegral<std::uint16_t>());
    const std::string key = std::to_string(input.ConsumeIntegral<std::uint16_t>());
    const std::string request_body = input.ConsumeRandomLengthString(kMaxText);
    const std::string outcome = input.ConsumeRandomLengthString(kMaxText);
    const std::string processed = input.ConsumeRandomLengthString(kMaxText);
    const std::string body = input.ConsumeRandomLengthString(kMaxText);
    FileLedger ledger(file.path, {.run = "r"});
    ledger.Record({.journey = 1,
                   .step = "create",
                   .mark = mark,
                   .idempotency_key = key,
                   .request_body = request_body,
                   .error = static_cast<ErrorKind>(
                       input.ConsumeIntegralInRange<std::size_t>(0, kErrorKinds - 1)),
                   .status = input.ConsumeIntegral<std::uint16_t>(),
                   .outcome = outcome,
                   .processed = processed,
                   .body = body});
    ledger.Finish();
    Require(ledger.recorded() == 1 && ledger.lost() == 0);
    std::vector<LedgerLine> lines;
    ReadLedger(file.path,
               [&lines](std::uint64_t, const LedgerLine& line) { lines.push_back(line); });
    Require(lines.size() == 3);
    Require(std::get<LedgerBegin>(lines[0]).run == "r");
    const auto& request = std::get<LedgerRequest>(lines[1]);
    Require(request.mark == mark && request.key == key);
    Require(request.creates == !request_body.empty());
    Require(std::get<LedgerEnd>(lines[2]).recorded == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    FuzzedDataProvider input(data + 1, size - 1);
    if (data[0] == 'w') {
        WriteAndRead(input);
        return 0;
    }
    const LedgerLine line = ParseLedgerLine(input.ConsumeRemainingBytesAsString());
    if (const auto* stock = std::get_if<LedgerStock>(&line)) {
        const LedgerLine again = ParseLedgerLine(StockLine("r", stock->levels));
        const auto& levels = std::get<LedgerStock>(again).levels;
        Require(levels.size() == stock->levels.size());
        for (std::size_t i = 0; i < levels.size(); ++i) {
            Require(levels[i].stock == stock->levels[i].stock);
        }
    }
    return 0;
}
