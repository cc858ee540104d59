#include "worker/supervisor/child_context.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace holdfast::worker {
namespace {

/// The part up to the next ';', taken off `text`.
std::string_view TakePart(std::string_view& text) {
    const std::size_t end = text.find(';');
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

template <typename Integer>
bool TakeNumber(std::string_view& text, Integer& into) {
    const std::string_view part = TakePart(text);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), into);
    return error == std::errc() && end == part.data() + part.size();
}

}  // namespace

std::string Encode(const ChildContext& context) {
    std::string text;
    for (const std::int64_t number :
         {std::int64_t{context.report_fd}, std::int64_t{context.parent},
          std::int64_t{context.index}, std::int64_t{context.generation},
          std::int64_t{context.restarts}, std::int64_t{context.last_crash_age.count()}}) {
        text += std::to_string(number) + ';';
    }
    return text + context.last_crash + ';' + context.plugin;
}

std::optional<ChildContext> DecodeChildContext(std::string_view text) {
    ChildContext context;
    std::int64_t age = 0;
    const bool good = TakeNumber(text, context.report_fd) && TakeNumber(text, context.parent) &&
                      TakeNumber(text, context.index) && TakeNumber(text, context.generation) &&
                      TakeNumber(text, context.restarts) && TakeNumber(text, age);
    if (!good) return std::nullopt;
    context.last_crash_age = std::chrono::milliseconds(age);
    context.last_crash = TakePart(text);
    context.plugin = text;
    return context;
}

std::optional<ChildContext> TakeChildContext() {
    const char* const text = std::getenv(kChildContextVariable);
    if (text == nullptr) return std::nullopt;
    const auto context = DecodeChildContext(text);
    ::unsetenv(kChildContextVariable);
    if (!context) return std::nullopt;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // What happened before that call has sent no signal.
    if (::getppid() != context->parent) std::_Exit(1);
    // It was started as /proc/self/exe: the name that ps shows would be "exe".
    ::prctl(PR_SET_NAME, "holdfast-worker");
    ::fcntl(context->report_fd, F_SETFD, FD_CLOEXEC);
    return context;
}

void ReportToSupervisor(int report_fd, std::string_view line) {
    const std::string whole = std::string(line) + '\n';
    [[maybe_unused]] const auto written = ::write(report_fd, whole.data(), whole.size());
}

}  // namespace holdfast::worker
