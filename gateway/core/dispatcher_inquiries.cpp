// Questions to the workers of a service: who answers, and what they say of themselves.
#include <algorithm>
#include <utility>

#include "gateway/core/dispatcher.h"

namespace holdfast::gateway {

void Dispatcher::Inquire(Inquiry inquiry, Duration patience, TimePoint now) {
    inquiry.known = std::ranges::any_of(
        services_, [&](const ServiceQueue& service) { return service.name == inquiry.service; });
    std::vector<Worker*> asked;
    workers_.ForEach([&](Worker& worker) {
        const bool serves = std::ranges::any_of(
            worker.hello.services,
            [&](const HelloItem::Service& service) { return service.name == inquiry.service; });
        if (serves) asked.push_back(&worker);
    });
    inquiry.known = inquiry.known || !asked.empty();
    inquiries_.Begin(std::move(inquiry), asked, now + patience);
}

void Dispatcher::OnDescription(PeerId peer, std::uint64_t session, DescriptionItem description,
                               TimePoint now) {
    const Worker* worker = Heard(peer, session, now);
    if (worker == nullptr) return;
    counters_.Add(inquiries_.OnDescription(*worker, std::move(description), now)
                      ? Counter::kDescriptionsReceived
                      : Counter::kDescriptionsLate);
}

}  // namespace holdfast::gateway
