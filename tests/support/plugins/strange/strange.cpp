#include <holdfast/worker/plugin.h>
#include <holdfast/worker/span.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <thread>

#ifdef STRANGE_missing
extern "C" int holdfast_strange_function_that_is_nowhere();
#endif

namespace {

const holdfast_host_v1* the_host = nullptr;
holdfast_responder last{};

void* Create(const holdfast_host_v1* host, holdfast_span, char*, std::size_t) {
    the_host = host;
#if defined(STRANGE_escape)
    throw std::runtime_error("out of create()");
#elif defined(STRANGE_refuse)
    return nullptr;
#elif defined(STRANGE_missing)
    return holdfast_strange_function_that_is_nowhere() == 0 ? nullptr : &last;
#else
    return &last;
#endif
}

void Handle(void*, const holdfast_request_v1*, holdfast_responder responder) {
    last = responder;
    holdfast_reply_v1 reply{};
    reply.size = sizeof reply;
    reply.status = 200;
    the_host->reply(the_host, responder, &reply);
}

void Destroy(void*) {
#ifdef STRANGE_late
    // Against the contract: a thread that calls the host after destroy() has returned.
    std::thread([] {
        for (int i = 0; i < 200; ++i) {
            the_host->fail(the_host, last, holdfast::worker::Span("too late"));
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }).detach();
#endif
}

constexpr const char* kServices[] = {"strange"};
#ifdef STRANGE_major
constexpr std::uint16_t kMajor = HOLDFAST_ABI_MAJOR + 1;
#else
constexpr std::uint16_t kMajor = HOLDFAST_ABI_MAJOR;
#endif

}  // namespace

extern "C" HOLDFAST_EXPORT const holdfast_plugin_v1* holdfast_plugin(void) {
    static constexpr holdfast_plugin_v1 kPlugin{
        .abi = {HOLDFAST_ABI_MAGIC, kMajor, HOLDFAST_ABI_MINOR, HOLDFAST_BUILT_WITH},
        .size = sizeof(holdfast_plugin_v1),
        .name = "strange",
        .version = "1",
        .services = kServices,
        .service_count = 1,
        .create = &Create,
        .handle = &Handle,
        .destroy = &Destroy,
        .options = nullptr,
        .option_count = 0};
    return &kPlugin;
}
