#include "load/engine/response_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace holdfast::load {
namespace {

namespace beast = boost::beast;

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kProtocol = "HTTP/1.";
/// The shortest end of a chunked body, "0 CRLF CRLF". Given less than that after a last chunk's
/// line, Beast 1.81 fails an assertion (basic_parser::parse_chunk_header).
constexpr std::size_t kShortestEnd = 5;

constexpr std::uint16_t kSwitchingProtocols = 101;

std::string_view View(beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

/// Beast's parser without its containers: every name and value stays where it is.
class ResponseReader::Parser final : public beast::http::basic_parser<false> {
  public:
    Parser(std::vector<HeaderView>& headers, std::string& body) : headers_(headers), body_(body) {
        header_limit((std::numeric_limits<std::uint32_t>::max)());
        body_limit(kMaxBody);
    }

    std::uint16_t status = 0;

    beast::error_code Put(std::string_view& data) {
        beast::error_code error;
        const std::size_t used = put(boost::asio::const_buffer(data.data(), data.size()), error);
        data.remove_prefix(used);
        if (error == beast::http::error::need_more) error = {};
        return error;
    }

  private:
    void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                         beast::error_code&) override {}
    void on_response_impl(int code, beast::string_view, int, beast::error_code&) override {
        status = static_cast<std::uint16_t>(code);
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                       beast::error_code&) override {
        if (!is_header_done()) headers_.push_back({View(name), View(value)});
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override {
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                   beast::error_code&) override {
        body_.append(piece.data(), piece.size());
        return piece.size();
    }
    void on_finish_impl(beast::error_code&) override {}

    std::vector<HeaderView>& headers_;
    std::string& body_;
};

ResponseReader::ResponseReader(std::vector<HeaderView>& headers) : headers_(headers) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::Begin(bool head) {
    to_head_ = head;
    body_ = Body::kUnknown;
    extra_ = false;
    if (!keeping_ && kept_head_.empty()) return;
    keeping_ = false;
    // What a large answer needed is not held for the small ones.
    kept_head_ = {};
    kept_body_ = {};
    kept_rest_ = {};
    chunks_.reset();
}

ResponseReader::Status ResponseReader::Malformed(std::string_view why) {
    why_ = why;
    return Status::kMalformed;
}

ResponseReader::Status ResponseReader::Feed(std::string_view data) {
    if (body_ == Body::kUnknown) {
        const Status status = TakeHead(data);
        if (status != Status::kDone) return status;
    }
    if (!keeping_) {
        if (body_ == Body::kNone) return Finish({}, !data.empty());
        if (body_ == Body::kLength && data.size() >= length_) {
            return Finish(data.substr(0, length_), data.size() > length_);
        }
    }
    return TakeBody(data);
}

/// kDone: head_view_ is the final answer's whole head, and `data` what came after it.
ResponseReader::Status ResponseReader::TakeHead(std::string_view& data) {
    std::size_t searched = 0;
    if (!kept_head_.empty()) {
        searched = kept_head_.size() - std::min(kept_head_.size(), kHeadEnd.size() - 1);
        kept_head_.append(data);
        data = kept_head_;
    }
    for (;;) {
        if (data.substr(0, kProtocol.size()) != kProtocol.substr(0, data.size())) {
            return Malformed("the answer does not begin with HTTP/1.");
        }
        const std::size_t end = data.find(kHeadEnd, searched);
        if (std::min(end, data.size()) > kMaxHead) {
            return Malformed("the answer's head is too long");
        }
        if (end == std::string_view::npos) {
            if (data.size() != kept_head_.size()) kept_head_ = std::string(data);
            return Status::kMore;
        }
        searched = 0;
        head_view_ = data.substr(0, end + kHeadEnd.size());
        data.remove_prefix(head_view_.size());
        const Status status = ParseHead();
        if (status != Status::kDone) return status;
        if (response_.status >= 200 || response_.status == kSwitchingProtocols) return status;
        body_ = Body::kUnknown;
    }
}

ResponseReader::Status ResponseReader::ParseHead() {
    headers_.clear();
    Parser parser(headers_, kept_body_);
    parser.skip(to_head_);
    std::string_view head = head_view_;
    const beast::error_code error = parser.Put(head);
    if (error == beast::http::error::body_limit) return Malformed("the answer's body is too long");
    if (error || !parser.is_header_done()) return Malformed("the answer's head is not HTTP");
    response_ = {parser.status, headers_, {}};
    keep_alive_ = parser.keep_alive() && parser.status != kSwitchingProtocols;
    if (parser.is_done()) {
        body_ = Body::kNone;
    } else if (parser.chunked()) {
        body_ = Body::kChunked;
    } else if (parser.content_length()) {
        body_ = Body::kLength;
        length_ = *parser.content_length();
    } else {
        body_ = Body::kToEnd;
    }
    return Status::kDone;
}

/// The body of an answer that did not come in one piece.
ResponseReader::Status ResponseReader::TakeBody(std::string_view data) {
    std::string_view after;
    if (body_ == Body::kLength) {
        const std::size_t missing = length_ - kept_body_.size();
        after = data.substr(std::min(missing, data.size()));
        kept_body_.append(data.substr(0, missing));
    } else {
        (body_ == Body::kChunked ? kept_rest_ : kept_body_).append(data);
    }
    // Only now: `data` may lie in what was kept of the head.
    const bool more_behind = !after.empty();
    if (!keeping_) {
        kept_head_ = std::string(head_view_);
        keeping_ = true;
    }
    switch (body_) {
        case Body::kLength:
            if (kept_body_.size() < length_) return Status::kMore;
            return FinishKept(more_behind);
        case Body::kChunked:
            return TakeChunks();
        default:
            if (kept_body_.size() > kMaxBody) return Malformed("the answer's body is too long");
            return Status::kMore;
    }
}

ResponseReader::Status ResponseReader::TakeChunks() {
    if (chunks_ == nullptr) {
        headers_.clear();
        chunks_ = std::make_unique<Parser>(headers_, kept_body_);
        std::string_view head = kept_head_;
        if (chunks_->Put(head)) return Malformed("the answer's head is not HTTP");
        chunks_->eager(true);
    }
    std::string_view rest = kept_rest_;
    while (!chunks_->is_done() && rest.size() >= kShortestEnd) {
        const std::size_t before = rest.size();
        const beast::error_code error = chunks_->Put(rest);
        if (error == beast::http::error::body_limit) {
            return Malformed("the answer's body is too long");
        }
        if (error) return Malformed("the answer's body is not chunked as it says");
        if (rest.size() == before) break;
    }
    kept_rest_.erase(0, kept_rest_.size() - rest.size());
    if (kept_rest_.size() > kMaxHead) {
        return Malformed("a chunk's line or the trailers are too long");
    }
    return chunks_->is_done() ? FinishKept(!kept_rest_.empty()) : Status::kMore;
}

bool ResponseReader::FeedEnd() {
    return body_ == Body::kToEnd && FinishKept(false) == Status::kDone;
}

/// Others have used the room for headers meanwhile, so they are found anew.
ResponseReader::Status ResponseReader::FinishKept(bool more_behind) {
    head_view_ = kept_head_;
    const Status status = ParseHead();
    if (status != Status::kDone) return status;
    return Finish(kept_body_, more_behind);
}

ResponseReader::Status ResponseReader::Finish(std::string_view body, bool more_behind) {
    response_.body = body;
    extra_ = more_behind;
    return Status::kDone;
}

}  // namespace holdfast::load
