#include "gateway/http/head_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "gateway/core/field_list.h"

namespace holdfast::gateway::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

Known Classify(field name, std::string_view text) {
    switch (name) {
        case field::host:
            return Known::kHost;
        case field::content_length:
            return Known::kContentLength;
        case field::transfer_encoding:
            return Known::kTransferEncoding;
        case field::connection:
            return Known::kConnection;
        case field::keep_alive:
        case field::proxy_connection:
        case field::proxy_authorization:
        case field::te:
        case field::trailer:
        case field::upgrade:
            return Known::kHopByHop;
        case field::expect:
            return Known::kExpect;
        case field::content_type:
            return Known::kContentType;
        case field::forwarded:
            return Known::kForwarded;
        case field::unknown:
            break;
        default:
            return Known::kOther;
    }
    if (EqualsIgnoringCase(text, "idempotency-key")) return Known::kIdempotencyKey;
    if (EqualsIgnoringCase(text, "request-timeout-ms")) return Known::kRequestTimeout;
    return Known::kOther;
}

std::string_view View(beast::string_view text) {
    return {text.data(), text.size()};
}

/// Beast's parser without its containers: every name and value stays where it is.
class Parser final : public beast::http::basic_parser<true> {
  public:
    explicit Parser(RequestHead& into) : into_(into) {
        header_limit((std::numeric_limits<std::uint32_t>::max)());
        body_limit(boost::none);
    }

  private:
    void on_request_impl(beast::http::verb /*method*/, beast::string_view method,
                         beast::string_view target, int version, beast::error_code&) override {
        into_.method = View(method);
        into_.target = View(target);
        into_.http10 = version == 10;
    }
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_field_impl(field name, beast::string_view text, beast::string_view value,
                       beast::error_code&) override {
        into_.fields.push_back({View(text), View(value), Classify(name, View(text))});
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                   beast::error_code&) override {
        return body.size();
    }
    void on_finish_impl(beast::error_code&) override {}

    RequestHead& into_;
};

Reject ReasonOf(const beast::error_code& code) {
    using beast::http::error;
    if (code == error::bad_content_length) return Reject::kLengthInvalid;
    if (code == error::multiple_content_length) return Reject::kLengthRepeated;
    if (code == error::bad_transfer_encoding) return Reject::kCodingInvalid;
    if (code == error::bad_version) return Reject::kVersion;
    if (code == error::bad_target) return Reject::kTargetInvalid;
    if (code == error::bad_method) return Reject::kRequestLine;
    return Reject::kHeaderLine;
}

}  // namespace

std::optional<Reject> ParseHead(std::string_view head, RequestHead& into) {
    into.fields.clear();
    Parser parser(into);
    beast::error_code error;
    parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error) return ReasonOf(error);
    if (!parser.is_header_done()) return Reject::kHeaderLine;
    return std::nullopt;
}

}  // namespace holdfast::gateway::http
