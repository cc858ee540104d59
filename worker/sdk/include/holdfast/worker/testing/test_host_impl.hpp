#pragma once

// The functions of test_host.hpp, which includes this.

namespace holdfast::worker::testing {

inline std::optional<Answer> Sent::Poll() const {
    const std::lock_guard lock(host_->mutex_);
    return host_->requests_[index_]->answer;
}

inline Answer Sent::Wait() const {
    std::unique_lock lock(host_->mutex_);
    const auto& answer = host_->requests_[index_]->answer;
    if (!host_->changed_.wait_for(lock, TestHost::kPatience, [&] { return answer.has_value(); })) {
        throw std::runtime_error(host_->requests_[index_]->name + " was not answered");
    }
    return *answer;
}

inline void Sent::Cancel() const {
    host_->Cancel(index_);
}

inline void TestHost::Begin() {
    CheckConfig(*plugin_, config_, "config");
    face_.self = this;
    face_.abi.size = sizeof(holdfast_host_v1);
    face_.abi.abi = HOLDFAST_ABI_INIT;
    face_.abi.log = &Log;
    face_.abi.reply = &Reply;
    face_.abi.fail = &Fail;
    face_.abi.remaining_ns = &RemainingNs;
    face_.abi.cancelled = &Cancelled;
    face_.abi.on_cancel = &OnCancel;
    std::array<char, 512> reason{};
    instance_ = plugin_->create(&face_.abi, Span(config_), reason.data(), reason.size());
    if (instance_ != nullptr) return;
    reason.back() = '\0';
    throw PluginError(reason[0] == '\0' ? "create() failed and gave no reason" : reason.data());
}

inline void TestHost::End() {
    std::size_t count = 0;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(ended_, true)) return;
        count = requests_.size();
    }
    for (std::size_t i = 0; i < count; ++i) Cancel(i);
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kPatience, [this] { return handling_ == 0; })) {
            std::fputs("TestHost: a handler does not return after its request was cancelled\n",
                       stderr);
            std::abort();
        }
    }
    for (std::thread& thread : threads_) thread.join();
    try {
        plugin_->destroy(instance_);
    } catch (...) {
        Note("destroy() let an exception escape");
    }
    for (std::size_t i = 0; i < count; ++i) {
        Answer answer;
        answer.failed = true;
        answer.detail = "the plugin was destroyed without answering it";
        std::string name;
        {
            const std::lock_guard lock(mutex_);
            if (requests_[i]->answer) continue;
            name = requests_[i]->name;
        }
        Note(name + ": not answered when the plugin was destroyed");
        Finish(TokenOf(i), std::move(answer), "failed");
    }
    const std::lock_guard lock(mutex_);
    instance_ = nullptr;
}

inline std::size_t TestHost::Hold(RequestSpec spec) {
    if (spec.service.empty()) spec.service = plugin_->services[0];
    const std::lock_guard lock(mutex_);
    if (ended_) throw std::logic_error("TestHost: a request after End()");
    requests_.push_back(std::make_unique<HeldRequest>(std::move(spec), now_));
    ++handling_;
    return requests_.size() - 1;
}

inline void TestHost::Handle(std::size_t index) {
    const holdfast_request_v1* request = nullptr;
    {
        const std::lock_guard lock(mutex_);
        request = &requests_[index]->request();
    }
    std::string escaped;
    try {
        plugin_->handle(instance_, request, TokenOf(index));
    } catch (const std::exception& error) {
        escaped = std::string("an exception left handle(): ") + error.what();
    } catch (...) {
        escaped = "an exception left handle()";
    }
    if (!escaped.empty()) {
        Note(escaped);
        Answer answer;
        answer.failed = true;
        answer.detail = escaped;
        Finish(TokenOf(index), std::move(answer), "failed");
    }
    {
        const std::lock_guard lock(mutex_);
        --handling_;
    }
    changed_.notify_all();
}

inline void TestHost::Cancel(std::size_t index) {
    HeldRequest::Callback callback;
    {
        const std::lock_guard lock(mutex_);
        HeldRequest& request = *requests_[index];
        if (request.answer) return;
        request.cancelled = true;
        callback = std::exchange(request.callback, {});
    }
    if (callback.run != nullptr) callback.run(callback.context);
    callback.Release();
}

inline holdfast_result TestHost::Finish(holdfast_responder responder, Answer answer,
                                        const char* what) {
    HeldRequest::Callback unused;
    {
        const std::lock_guard lock(mutex_);
        HeldRequest* const request = Find(responder);
        if (request == nullptr) {
            violations_.push_back(std::string(what) + " a request that never was");
            return HOLDFAST_ALREADY_ANSWERED;
        }
        if (request->answer) {
            violations_.push_back(request->name + ": " + what + " again" +
                                  (instance_ == nullptr ? ", after destroy()" : ""));
            return HOLDFAST_ALREADY_ANSWERED;
        }
        request->answer = std::move(answer);
        request->DropContent();
        unused = std::exchange(request->callback, {});
    }
    changed_.notify_all();
    unused.Release();
    return HOLDFAST_OK;
}

inline void TestHost::Log(const holdfast_host_v1* host, holdfast_log_level level, const char* file,
                          int line, holdfast_span text) {
    TestHost& self = Self(host);
    const std::lock_guard lock(self.mutex_);
    self.logs_.push_back({static_cast<LogLevel>(level), file == nullptr ? "?" : file, line,
                          std::string(View(text))});
}

inline holdfast_result TestHost::Reply(const holdfast_host_v1* host, holdfast_responder responder,
                                       const holdfast_reply_v1* raw) {
    TestHost& self = Self(host);
    const ReplyReading reading = ReadReply(raw);
    if (reading.verdict == HOLDFAST_UNSUPPORTED) return HOLDFAST_UNSUPPORTED;
    const holdfast_reply_v1& reply = reading.reply;
    Answer answer;
    std::string problem;
    if (reading.verdict != HOLDFAST_OK) {
        problem = "reply() was given no reply";
    } else if (!reading.not_processed) {
        const std::lock_guard lock(self.mutex_);
        problem = CheckReply(reply, self.max_reply_bytes_);
    }
    if (!problem.empty()) {
        answer.failed = true;
        answer.detail = problem;
        const holdfast_result result = self.Finish(responder, std::move(answer), "answered");
        if (result != HOLDFAST_OK) return result;
        self.Note("bad reply: " + problem);
        return HOLDFAST_INVALID;
    }
    answer.not_processed = reading.not_processed;
    answer.detail = View(reply.detail);
    if (!answer.not_processed) {
        answer.status = reply.status;
        for (std::size_t i = 0; i < reply.headers.count; ++i) {
            const holdfast_field& field = reply.headers.items[i];
            answer.headers.emplace_back(View(field.name), View(field.value));
        }
        answer.body = View(reply.body);
    }
    return self.Finish(responder, std::move(answer), "answered");
}

inline holdfast_result TestHost::Fail(const holdfast_host_v1* host, holdfast_responder responder,
                                      holdfast_span reason) {
    Answer answer;
    answer.failed = true;
    answer.detail = View(reason);
    return Self(host).Finish(responder, std::move(answer), "failed");
}

inline std::int64_t TestHost::RemainingNs(const holdfast_host_v1* host,
                                          holdfast_responder responder) {
    TestHost& self = Self(host);
    const std::lock_guard lock(self.mutex_);
    const HeldRequest* const request = self.Find(responder);
    if (request == nullptr || request->answer) return 0;
    return std::max<std::int64_t>(0, (request->deadline - self.now_).count());
}

inline int TestHost::Cancelled(const holdfast_host_v1* host, holdfast_responder responder) {
    TestHost& self = Self(host);
    const std::lock_guard lock(self.mutex_);
    const HeldRequest* const request = self.Find(responder);
    return request == nullptr || request->answer || request->cancelled ? 1 : 0;
}

inline holdfast_result TestHost::OnCancel(const holdfast_host_v1* host,
                                          holdfast_responder responder, void (*callback)(void*),
                                          void (*release)(void*), void* context) {
    const HeldRequest::Callback wanted{callback, release, context};
    TestHost& self = Self(host);
    holdfast_result result = HOLDFAST_ALREADY_ANSWERED;
    {
        const std::lock_guard lock(self.mutex_);
        HeldRequest* const request = self.Find(responder);
        if (request != nullptr && !request->answer) {
            result = callback == nullptr     ? HOLDFAST_INVALID
                     : request->has_callback ? HOLDFAST_UNSUPPORTED
                                             : HOLDFAST_OK;
        }
        if (result == HOLDFAST_OK) {
            request->has_callback = true;
            if (!request->cancelled) {
                request->callback = wanted;
                return HOLDFAST_OK;
            }
        }
    }
    if (result == HOLDFAST_OK) callback(context);
    wanted.Release();
    return result;
}

}  // namespace holdfast::worker::testing
