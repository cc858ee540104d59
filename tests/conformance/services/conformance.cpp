#include <holdfast/worker/plugin.hpp>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::size_t Number(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument("not a number: " + std::string(text));
    }
    return number;
}

/// Wakes a sleeping handler. Shared with the cancel callback, which may run later than the handler.
struct Alarm {
    std::mutex mutex;
    std::condition_variable rung;
    bool ringing = false;
};

/// The suite's service (tests/conformance/README.md) as a plugin.
class Conformance : public holdfast::worker::Plugin {
    Reply Handle(const Request& request) override;

    void Note(std::string_view word, const Request& request) {
        char id[17];
        std::snprintf(id, sizeof id, "%016llx",
                      static_cast<unsigned long long>(request.correlation_id()));
        const std::lock_guard lock(mutex_);
        journal_ += std::string(word) + ' ' + id + '\n';
    }
    std::string Journal() {
        const std::lock_guard lock(mutex_);
        return journal_;
    }
    void Sleep(const Request& request, std::chrono::milliseconds time);
    static std::string Describe(const Request& request);

    std::mutex mutex_;
    std::string journal_;  ///< guarded by mutex_
};

Conformance::Reply Conformance::Handle(const Request& request) {
    const std::string_view body = request.body();
    const std::string_view word = body.substr(0, body.find(' '));
    const std::string_view argument =
        word.size() == body.size() ? std::string_view() : body.substr(word.size() + 1);
    if (word == "journal") return {.body = Journal()};
    Note("started", request);
    if (word == "echo") return {.body = std::string(argument)};
    if (word == "sleep") {
        Sleep(request, std::chrono::milliseconds(Number(argument)));
        return {.body = "slept"};
    }
    if (word == "fail") throw std::runtime_error(std::string(argument));
    if (word == "not-processed") return Reply::NotProcessed(std::string(argument));
    if (word == "bytes") return {.body = std::string(Number(argument), 'x')};
    if (word == "header") return {.headers = {{"x-long", std::string(Number(argument), 'x')}}};
    if (word == "request") return {.body = Describe(request)};
    throw std::invalid_argument("an unknown word");
}

void Conformance::Sleep(const Request& request, std::chrono::milliseconds time) {
    auto alarm = std::make_shared<Alarm>();
    request.OnCancel([alarm] {
        const std::lock_guard lock(alarm->mutex);
        alarm->ringing = true;
        alarm->rung.notify_all();
    });
    std::unique_lock lock(alarm->mutex);
    const bool cancelled = alarm->rung.wait_for(lock, time, [&] { return alarm->ringing; });
    Note(cancelled ? "cancelled" : "ended", request);
}

std::string Conformance::Describe(const Request& request) {
    std::string text = "attempt " + std::to_string(request.attempt());
    const auto add = [&text](std::string_view name, std::string_view value) {
        text.append("\n").append(name).append(" ").append(value);
    };
    add("service", request.service());
    add("route", request.route());
    add("method", request.method());
    add("target", request.target());
    add("key", request.idempotency_key());
    const auto add_all = [&](const std::string& kind, const holdfast::worker::Fields& fields) {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            add(kind + " " + std::string(fields[i].name), fields[i].value);
        }
    };
    add_all("parameter", request.parameters());
    add_all("header", request.headers());
    add_all("attribute", request.attributes());
    return text;
}

}  // namespace

HOLDFAST_PLUGIN(Conformance, "conformance", "1", "conformance");
