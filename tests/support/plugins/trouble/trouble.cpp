#include <holdfast/worker/plugin.hpp>

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "journal.h"
#include "timer_thread.h"

namespace holdfast::test {
namespace {

using worker::Host;
using worker::Reply;
using worker::Request;
using worker::Responder;

/// `word argument`, from the path parameters `command` and `argument`, else the header `trouble`,
/// else the body's first line.
struct Command {
    std::string_view word;
    std::string_view argument;
};

Command ParseCommand(const Request& request) {
    if (auto word = request.Parameter("command")) {
        return {*word, request.Parameter("argument").value_or("")};
    }
    std::string_view text = request.Header("trouble").value_or(request.body());
    text = text.substr(0, text.find('\n'));
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return {text, {}};
    return {text.substr(0, space), text.substr(space + 1)};
}

std::size_t Number(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument("trouble: a number is wanted, not '" + std::string(text) + "'");
    }
    return number;
}

/// Wakes a sleeping handler. Shared with the cancel callback, which may run later than the handler.
struct Alarm {
    std::mutex mutex;
    std::condition_variable rung;
    bool ringing = false;

    void Ring() {
        {
            std::lock_guard lock(mutex);
            ringing = true;
        }
        rung.notify_all();
    }
    /// False when it rang before the time was over.
    bool Sleep(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex);
        return !rung.wait_for(lock, time, [this] { return ringing; });
    }
};

/// A plugin that misbehaves as it is told, for tests of the worker and the gateway. Its config is
/// the path of a journal of what was started, finished and cancelled; empty: no journal.
///
///   sleep MS        answers after MS ms, at once when cancelled; holds its handler thread
///   block MS        the same, whatever happens meanwhile
///   later MS        answers after MS ms from another thread
///   never           never answers (until the plugin is destroyed)
///   until-cancelled answers when it is cancelled
///   throw, fail, not-processed
///   segfault, abort, exit
///   uncaught        throws on a thread of its own, where nobody catches
///   allocate N      asks for N MiB at once
///   leak N          takes N KiB and never gives them back; answers
///   twice           answers with 200, then once more with 201
///   header-crlf, header-name, bad-status, body-204, content-length, hop-by-hop
///   status N        answers with that status
///   bytes N         answers N bytes
///   echo            answers the request's body, as does an empty command
class Trouble : public worker::AsyncPlugin {
  public:
    explicit Trouble(const Host& host) : host_(host), journal_(host.config()) {}

    void HandleAsync(Request request, Responder responder) override;

  private:
    void Sleep(const Request& request, Responder responder, std::chrono::milliseconds time);
    void AnswerTwice(const Request& request, Responder responder);
    void AnswerLater(const Request& request, Responder responder, std::chrono::milliseconds time);
    void Leak(std::size_t bytes);
    bool AnswerGarbage(std::string_view word, Responder& responder);
    void Note(std::string_view word, const Request& request) {
        journal_.Write(word, request.correlation_id(), request.attempt());
    }

    Host host_;
    Journal journal_;
    std::mutex mutex_;
    std::vector<Responder> kept_;  ///< guarded by mutex_
    char* leaked_ =
        nullptr;         ///< guarded by mutex_; the last piece, which begins with the one before
    TimerThread timer_;  ///< last: its tasks use what is above
};

void Trouble::HandleAsync(Request request, Responder responder) {
    Note("started", request);
    const auto [word, argument] = ParseCommand(request);
    if (word == "sleep") {
        Sleep(request, std::move(responder), std::chrono::milliseconds(Number(argument)));
    } else if (word == "block") {
        std::this_thread::sleep_for(std::chrono::milliseconds(Number(argument)));
        responder.Answer({.body = "slept"});
    } else if (word == "later") {
        AnswerLater(request, std::move(responder), std::chrono::milliseconds(Number(argument)));
    } else if (word == "never") {
        request.OnCancel([this, id = request.correlation_id(), attempt = request.attempt()] {
            journal_.Write("cancelled", id, attempt);
        });
        std::lock_guard lock(mutex_);
        kept_.push_back(std::move(responder));
    } else if (word == "until-cancelled") {
        auto held = std::make_shared<Responder>(std::move(responder));
        request.OnCancel([this, held, id = request.correlation_id(), attempt = request.attempt()] {
            journal_.Write("cancelled", id, attempt);
            held->Answer({.body = "cancelled"});
        });
    } else if (word == "throw") {
        throw std::runtime_error("trouble: thrown on request");
    } else if (word == "fail") {
        responder.Fail("trouble: failed on request");
    } else if (word == "not-processed") {
        responder.Answer(Reply::NotProcessed("trouble: refused on request"));
    } else if (word == "segfault") {
        // Not a wild store: sanitizers and optimisers have their own opinions on those.
        ::raise(SIGSEGV);
    } else if (word == "abort") {
        std::abort();
    } else if (word == "uncaught") {
        std::thread([] {
            throw std::runtime_error("trouble: thrown where nobody catches");
        }).join();
    } else if (word == "allocate") {
        const std::vector<char> memory(Number(argument) << 20U, 'x');
        responder.Answer({.body = std::to_string(memory.size())});
    } else if (word == "leak") {
        Leak(Number(argument) << 10U);
        responder.Answer({.body = "leaked"});
    } else if (word == "exit") {
        std::_Exit(3);
    } else if (word == "twice") {
        AnswerTwice(request, std::move(responder));
    } else if (word == "status") {
        responder.Answer({.status = static_cast<std::uint32_t>(Number(argument))});
    } else if (word == "bytes") {
        responder.Answer({.headers = {{"content-type", "application/octet-stream"}},
                          .body = std::string(Number(argument), 'x')});
    } else if (word == "echo" || word.empty()) {
        Note("finished", request);
        responder.Answer({.body = std::string(request.body())});
    } else if (!AnswerGarbage(word, responder)) {
        throw std::invalid_argument("trouble: unknown command '" + std::string(word) + "'");
    }
}

void Trouble::Sleep(const Request& request, Responder responder, std::chrono::milliseconds time) {
    auto alarm = std::make_shared<Alarm>();
    request.OnCancel([alarm] { alarm->Ring(); });
    const bool slept = alarm->Sleep(time);
    Note(slept ? "finished" : "cancelled", request);
    responder.Answer({.body = slept ? "slept" : "cancelled"});
}

void Trouble::AnswerLater(const Request& request, Responder responder,
                          std::chrono::milliseconds time) {
    auto held = std::make_shared<Responder>(std::move(responder));
    timer_.After(time, [this, held, id = request.correlation_id(), attempt = request.attempt()] {
        journal_.Write("finished", id, attempt);
        held->Answer({.body = "later"});
    });
}

void Trouble::AnswerTwice(const Request& request, Responder responder) {
    holdfast_reply_v1 first{};
    first.size = sizeof(first);
    first.status = 200;
    first.body = worker::Span("first");
    const holdfast_host_v1* host = host_.get();
    host->reply(host, request.token(), &first);
    const holdfast_result second = responder.Answer({.status = 201, .body = "second"});
    host_.Log(worker::LogLevel::kInfo, second == HOLDFAST_ALREADY_ANSWERED
                                           ? "trouble: the second answer was refused"
                                           : "trouble: the second answer was taken");
}

void Trouble::Leak(std::size_t bytes) {
    char* piece = new char[std::max(bytes, sizeof leaked_)];
    std::memset(piece, 'x', bytes);
    const std::lock_guard lock(mutex_);
    std::memcpy(piece, &leaked_, sizeof leaked_);
    leaked_ = piece;
}

bool Trouble::AnswerGarbage(std::string_view word, Responder& responder) {
    Reply reply{.body = "garbage"};
    if (word == "header-crlf") {
        reply.headers = {{"x-trouble", "one\r\nset-cookie: two"}};
    } else if (word == "header-name") {
        reply.headers = {{"x trouble:", "value"}};
    } else if (word == "bad-status") {
        reply.status = 99999;
    } else if (word == "body-204") {
        reply.status = 204;
    } else if (word == "content-length") {
        reply.headers = {{"content-length", "3"}};
    } else if (word == "hop-by-hop") {
        reply.headers = {{"connection", "close"}, {"transfer-encoding", "chunked"}};
    } else {
        return false;
    }
    responder.Answer(reply);
    return true;
}

}  // namespace
}  // namespace holdfast::test

HOLDFAST_PLUGIN(holdfast::test::Trouble, "trouble", "1", "trouble");
