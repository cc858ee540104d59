#include "tests/support/http/scripted_bus.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::test {

using gateway::BusItem;
using gateway::Completion;
using gateway::MutexLock;

void Answer(Completion& completion, std::uint32_t status, std::string body,
            const std::string& content_type) {
    completion.outcome = gateway::Outcome::kReplied;
    completion.progress = gateway::Progress::kStarted;
    completion.reply.status = status;
    completion.reply.body = std::move(body);
    if (!content_type.empty()) completion.reply.headers.Append("content-type", content_type);
}

void ScriptedBus::Start(gateway::http::Server& server, Script script) {
    server_ = &server;
    out_.resize(server.loops());
    {
        MutexLock lock(mutex_);
        script_ = std::move(script);
    }
    thread_ = std::thread([this] { Run(); });
}

void ScriptedBus::Stop() {
    if (!thread_.joinable()) return;
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
}

void ScriptedBus::Release(Script how) {
    {
        MutexLock lock(mutex_);
        release_ = std::move(how);
    }
    changed_.NotifyAll();
}

void ScriptedBus::Wake() {
    {
        MutexLock lock(mutex_);
        woken_ = true;
    }
    changed_.NotifyAll();
}

void ScriptedBus::Complete(Completion completion) {
    out_[completion.deferred->loop].push_back(std::move(completion));
}

void ScriptedBus::Flush() {
    for (std::uint32_t loop = 0; loop < out_.size(); ++loop) {
        server_->completions(loop).PushAll(out_[loop]);
    }
}

void ScriptedBus::Take(BusItem item) {
    const auto held = std::find(held_.begin(), held_.end(), item.deferred);
    if (item.kind == BusItem::Kind::kCancel) {
        ++cancels_;
        if (held == held_.end()) return;
        Completion completion;
        completion.id = (*held)->id;
        completion.deferred = std::move(*held);
        completion.outcome = gateway::Outcome::kCancelled;
        held_.erase(held);
        --held_count_;
        Complete(std::move(completion));
        return;
    }
    ++submits_;
    Completion completion;
    item.deferred->id = gateway::CorrelationId(next_id_++);
    completion.id = item.deferred->id;
    Script script;
    {
        MutexLock lock(mutex_);
        script = script_;
    }
    if (script(item.deferred->request, completion)) {
        completion.deferred = std::move(item.deferred);
        Complete(std::move(completion));
    } else {
        held_.push_back(std::move(item.deferred));
        ++held_count_;
    }
}

void ScriptedBus::Run() {
    for (;;) {
        bool stop = false;
        Script release;
        {
            MutexLock lock(mutex_);
            while (!woken_ && !stop_ && !release_) {
                changed_.WaitFor(mutex_, std::chrono::milliseconds(100));
            }
            woken_ = false;
            stop = stop_;
            release = std::exchange(release_, nullptr);
        }
        inbox_.TakeAll(items_);
        for (BusItem& item : items_) Take(std::move(item));
        items_.clear();
        if (release || stop) {
            for (gateway::DeferredRef& deferred : held_) {
                Completion completion;
                completion.id = deferred->id;
                completion.outcome = gateway::Outcome::kShuttingDown;
                if (release) release(deferred->request, completion);
                completion.deferred = std::move(deferred);
                Complete(std::move(completion));
            }
            held_.clear();
            held_count_ = 0;
        }
        Flush();
        if (stop) return;
    }
}

}  // namespace holdfast::test
