#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/flow/journey.h"

namespace holdfast::load {

/// Takes the answers of one connection apart, by Beast's parser. An answer that comes in one piece
/// is not copied; only one that is under way keeps its bytes here. Interim answers (1xx) are passed
/// over.
///
/// Thread: the engine's.
class ResponseReader {
  public:
    /// An answer's head, status line included, and its body, larger than which is malformed.
    static constexpr std::size_t kMaxHead = 64 * 1024;
    static constexpr std::size_t kMaxBody = 16 * 1024 * 1024;

    enum class Status : std::uint8_t {
        kMore,       ///< the answer is not whole yet
        kDone,       ///< response() is the answer
        kMalformed,  ///< why() says what is wrong
    };

    /// `headers` is room for the answer's header views, shared by all readers of a thread.
    explicit ResponseReader(std::vector<HeaderView>& headers);
    ~ResponseReader();
    ResponseReader(const ResponseReader&) = delete;
    ResponseReader& operator=(const ResponseReader&) = delete;

    /// Before each answer; `head`: it answers a HEAD request.
    void Begin(bool head);

    /// The next bytes, all of them. `data` must stay until the answer has been used.
    Status Feed(std::string_view data);
    /// The peer has finished: true when just that ends the answer, which then is whole.
    bool FeedEnd();

    /// After kDone, until Begin, Feed or another reader's Feed.
    const IncomingResponse& response() const { return response_; }
    bool keep_alive() const { return keep_alive_; }
    /// Bytes came after the whole answer.
    bool extra() const { return extra_; }
    std::string_view why() const { return why_; }
    /// The answer's head as it came.
    std::string_view head() const { return head_view_; }

  private:
    class Parser;
    enum class Body : std::uint8_t { kUnknown, kNone, kLength, kChunked, kToEnd };

    Status TakeHead(std::string_view& data);
    Status TakeBody(std::string_view data);
    Status TakeChunks();
    Status ParseHead();
    Status FinishKept(bool more_behind);
    Status Finish(std::string_view body, bool more_behind);
    Status Malformed(std::string_view why);

    std::vector<HeaderView>& headers_;
    IncomingResponse response_;
    std::string_view head_view_;
    std::string_view why_;
    Body body_ = Body::kUnknown;
    bool to_head_ = false;
    bool keep_alive_ = false;
    bool extra_ = false;
    std::uint64_t length_ = 0;  ///< kLength: of the body

    bool keeping_ = false;  ///< the answer did not come in one piece: its head and body are kept
    std::string kept_head_;
    std::string kept_body_;
    std::string kept_rest_;  ///< kChunked: what the parser could not use yet
    std::unique_ptr<Parser> chunks_;
};

}  // namespace holdfast::load
