#pragma once

#include <holdfast/worker/span.hpp>
#include <holdfast/worker/testing/request_spec.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::worker::testing {

/// One request of a TestHost, from the moment it is made to the TestHost's end. Its content, which
/// is what the plugin sees, goes when it is answered.
class HeldRequest {
  public:
    struct Callback {
        void (*run)(void*) = nullptr;
        void (*release)(void*) = nullptr;
        void* context = nullptr;

        void Release() const {
            if (release != nullptr) release(context);
        }
    };

    HeldRequest(RequestSpec spec, std::chrono::nanoseconds now)
        : name(spec.method + " " + spec.target),
          deadline(now + spec.timeout),
          content_(std::make_unique<Content>(std::move(spec))) {}

    const holdfast_request_v1& request() const { return content_->request; }
    void DropContent() { content_.reset(); }

    const std::string name;  ///< for people
    const std::chrono::nanoseconds deadline;
    std::optional<Answer> answer;
    bool cancelled = false;
    bool has_callback = false;  ///< one was registered; it may have run already
    Callback callback;

  private:
    struct Content {
        explicit Content(RequestSpec from)
            : spec(std::move(from)),
              parameters(Fields(spec.parameters)),
              headers(Fields(spec.headers)),
              attributes(Fields(spec.attributes)) {
            request.size = sizeof request;
            request.correlation_id = spec.correlation_id;
            request.attempt = spec.attempt;
            request.service = Span(spec.service);
            request.route = Span(spec.route);
            request.method = Span(spec.method);
            request.target = Span(spec.target);
            request.idempotency_key = Span(spec.idempotency_key);
            request.body = Span(spec.body);
            request.parameters = {parameters.data(), parameters.size()};
            request.headers = {headers.data(), headers.size()};
            request.attributes = {attributes.data(), attributes.size()};
        }
        /// Without a sanitizer, too, what is read too late shall not look right.
        ~Content() {
            for (std::string* text : {&spec.service, &spec.route, &spec.method, &spec.target,
                                      &spec.idempotency_key, &spec.body}) {
                std::fill(text->begin(), text->end(), '\xdd');
            }
        }
        Content(const Content&) = delete;
        Content& operator=(const Content&) = delete;

        static std::vector<holdfast_field> Fields(const FieldList& list) {
            std::vector<holdfast_field> fields;
            for (const auto& [name, value] : list) fields.push_back({Span(name), Span(value)});
            return fields;
        }

        RequestSpec spec;
        std::vector<holdfast_field> parameters, headers, attributes;
        holdfast_request_v1 request{};
    };

    std::unique_ptr<Content> content_;
};

}  // namespace holdfast::worker::testing
