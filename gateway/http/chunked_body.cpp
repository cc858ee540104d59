#include "gateway/http/chunked_body.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

namespace beast = boost::beast;

/// Brings the parser to where a chunked body begins.
constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A chunk extension has no meaning here; one that is longer is an attack.
constexpr std::size_t kExtensionBytes = 256;

/// The shortest end of a body, "0 CRLF CRLF". Given less than that after a last chunk's line,
/// Beast 1.81 fails an assertion (basic_parser::parse_chunk_header).
constexpr std::size_t kShortestEnd = 5;

}  // namespace

class ChunkedBody::Parser final : public beast::http::basic_parser<true> {
  public:
    Parser() {
        body_limit(boost::none);
        beast::error_code error;
        put(boost::asio::const_buffer(kHead.data(), kHead.size()), error);
        eager(true);
    }

    Sink* sink = nullptr;
    bool refused = false;

  private:
    void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                         beast::error_code&) override {}
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_field_impl(beast::http::field, beast::string_view, beast::string_view value,
                       beast::error_code& error) override {
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
                error = beast::http::error::bad_value;
            }
        }
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view extensions,
                              beast::error_code& error) override {
        if (extensions.size() > kExtensionBytes) error = beast::http::error::bad_chunk_extension;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                   beast::error_code& error) override {
        if (!sink->OnPiece({body.data(), body.size()})) {
            refused = true;
            error = beast::http::error::body_limit;
        }
        return body.size();
    }
    void on_finish_impl(beast::error_code&) override {}
};

ChunkedBody::ChunkedBody() : parser_(std::make_unique<Parser>()) {}
ChunkedBody::~ChunkedBody() = default;

ChunkedBody::Result ChunkedBody::Feed(std::string_view data, Sink& sink) {
    if (data.size() < kShortestEnd) return {Status::kMore, 0};
    parser_->sink = &sink;
    beast::error_code error;
    const std::size_t consumed =
        parser_->put(boost::asio::const_buffer(data.data(), data.size()), error);
    if (parser_->refused) return {Status::kRefused, consumed};
    if (error && error != beast::http::error::need_more) return {Status::kInvalid, consumed};
    return {parser_->is_done() ? Status::kDone : Status::kMore, consumed};
}

}  // namespace holdfast::gateway::http
