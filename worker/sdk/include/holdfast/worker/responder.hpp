#pragma once

#include <holdfast/worker/request.hpp>

#include <array>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::worker {

/// A whole answer, owned by the plugin; the host copies it.
struct Reply {
    std::uint32_t status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    /// The plugin did nothing and refuses the request: the gateway answers 503 "not processed, safe
    /// to retry", and everything here but `detail` is ignored.
    bool not_processed = false;
    /// For the worker's log, never for the client.
    std::string detail{};

    static Reply NotProcessed(std::string detail) {
        Reply reply;
        reply.not_processed = true;
        reply.detail = std::move(detail);
        return reply;
    }
};

namespace detail {

/// One running handle() of this thread. A Responder that dies while an exception leaves the handler
/// notes that here instead of failing the request, so that the exception's text becomes the reason.
struct Frame {
    explicit Frame(holdfast_responder responder)
        : token(responder.value), outer(std::exchange(current, this)) {}
    ~Frame() { current = outer; }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    std::uint64_t token;
    Frame* outer;
    int uncaught = std::uncaught_exceptions();
    bool dropped = false;

    static inline thread_local Frame* current = nullptr;
};

}  // namespace detail

/// The right, and the duty, to answer one request. Move-only; one that dies unanswered fails its
/// request.
/// Thread: any, one at a time. Must not outlive the plugin.
class Responder {
  public:
    Responder(const holdfast_host_v1* host, holdfast_responder token)
        : host_(host), token_(token) {}
    Responder(Responder&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)), token_(other.token_) {}
    Responder& operator=(Responder&& other) noexcept {
        if (this != &other) {
            Drop();
            host_ = std::exchange(other.host_, nullptr);
            token_ = other.token_;
        }
        return *this;
    }
    ~Responder() { Drop(); }

    explicit operator bool() const { return host_ != nullptr; }

    /// Answers. The request's views are gone when this returns. HOLDFAST_ALREADY_ANSWERED also when
    /// this object has answered before.
    holdfast_result Answer(const Reply& reply) {
        if (host_ == nullptr) return HOLDFAST_ALREADY_ANSWERED;
        std::array<holdfast_field, 16> few;
        std::unique_ptr<holdfast_field[]> many;
        holdfast_field* fields = few.data();
        if (reply.headers.size() > few.size()) {
            many = std::make_unique<holdfast_field[]>(reply.headers.size());
            fields = many.get();
        }
        for (std::size_t i = 0; i < reply.headers.size(); ++i) {
            fields[i] = {Span(reply.headers[i].first), Span(reply.headers[i].second)};
        }
        holdfast_reply_v1 out{};
        out.size = sizeof(out);
        out.status = reply.status;
        if (reply.not_processed) out.flags |= HOLDFAST_REPLY_NOT_PROCESSED;
        out.headers = {fields, reply.headers.size()};
        out.body = Span(reply.body);
        out.detail = Span(reply.detail);
        const holdfast_host_v1* host = std::exchange(host_, nullptr);
        return host->reply(host, token_, &out);
    }

    /// The client gets 502, `reason` goes to the worker's log.
    holdfast_result Fail(std::string_view reason) noexcept {
        if (host_ == nullptr) return HOLDFAST_ALREADY_ANSWERED;
        const holdfast_host_v1* host = std::exchange(host_, nullptr);
        return host->fail(host, token_, Span(reason));
    }

  private:
    void Drop() noexcept {
        if (host_ == nullptr) return;
        detail::Frame* frame = detail::Frame::current;
        if (frame != nullptr && frame->token == token_.value &&
            std::uncaught_exceptions() > frame->uncaught) {
            frame->dropped = true;
            host_ = nullptr;
            return;
        }
        Fail("the plugin dropped the request unanswered");
    }

    const holdfast_host_v1* host_;
    holdfast_responder token_;
};

}  // namespace holdfast::worker
