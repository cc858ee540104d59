#include "gateway/bus/folding_log.h"

namespace holdfast::gateway {

void FoldingLog::Write(Topic topic, BusLogLevel level, std::string text, TimePoint now) {
    Window& window = windows_[static_cast<std::size_t>(topic)];
    if (now >= window.end) {
        Close(window);
        window.end = now + kWindow;
    }
    if (window.lines < kLinesInWindow[static_cast<std::size_t>(topic)]) {
        ++window.lines;
        log_(level, text);
        return;
    }
    if (window.held_back++ == 0) ++holding_;
    window.level = level;
    window.last = std::move(text);
}

void FoldingLog::Tick(TimePoint now) {
    if (holding_ == 0) return;
    for (Window& window : windows_) {
        if (now >= window.end) Close(window);
    }
}

void FoldingLog::Close(Window& window) {
    if (window.held_back != 0) {
        --holding_;
        log_(window.level,
             "and " + std::to_string(window.held_back) + " more alike, the last: " + window.last);
    }
    window = {};
}

}  // namespace holdfast::gateway
