// What a server's bytes pass through before they are an answer. Each input is read whole, in two
// pieces and byte by byte: what is a whole answer one way must be the same answer every way. (What
// is malformed may be seen only with a later byte when it comes in pieces.)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "load/engine/response_reader.h"

namespace {

using holdfast::load::HeaderView;
using holdfast::load::ResponseReader;
using Status = ResponseReader::Status;

void Require(bool condition) {
    if (!condition) std::abort();
}

struct Meaning {
    Status status = Status::kMore;
    std::uint16_t code = 0;
    std::string body;
    std::size_t headers = 0;
    bool keep_alive = false;

    bool operator==(const Meaning&) const = default;
};

/// In pieces of `first` bytes, then of `rest` bytes. What follows a whole answer is not read.
Meaning Read(std::string_view bytes, bool to_head, std::size_t first, std::size_t rest) {
    std::vector<HeaderView> room;
    ResponseReader reader(room);
    reader.Begin(to_head);
    Meaning meaning;
    for (std::size_t size = first; meaning.status == Status::kMore && !bytes.empty(); size = rest) {
        // Of its own size, so that reading beyond it is seen.
        const std::string piece(bytes.substr(0, size));
        bytes.remove_prefix(piece.size());
        meaning.status = reader.Feed(piece);
        if (meaning.status != Status::kDone) continue;
        meaning.code = reader.response().status;
        meaning.body = reader.response().body;
        meaning.keep_alive = reader.keep_alive();
        for (const HeaderView& header : reader.response().headers) {
            Require(!header.name.empty());
            ++meaning.headers;
        }
    }
    return meaning;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const bool to_head = (data[0] & 1U) != 0;
    const std::size_t cut = data[1] + std::size_t{1};
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Meaning whole = Read(bytes, to_head, bytes.size(), bytes.size());
    for (const Meaning& pieces :
         {Read(bytes, to_head, cut, bytes.size()), Read(bytes, to_head, 1, 1)}) {
        const bool answered = whole.status == Status::kDone || pieces.status == Status::kDone;
        Require(!answered || pieces == whole);
    }
    return 0;
}
