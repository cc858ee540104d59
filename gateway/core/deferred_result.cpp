#include "gateway/core/deferred_result.h"

#include "gateway/core/mutation.h"

namespace holdfast::gateway {
namespace {

std::size_t PayloadBytes(const FieldList& fields) {
    std::size_t bytes = 0;
    for (const Field field : fields) bytes += field.name.size() + field.value.size();
    return bytes;
}

}  // namespace

std::size_t Request::PayloadBytes() const {
    return route->service.size() + route->path.size() + method.size() + target.size() +
           idempotency_key.size() + body.size() + gateway::PayloadBytes(parameters) +
           gateway::PayloadBytes(headers) + gateway::PayloadBytes(attributes);
}

DeferredRef DeferredResult::Create(Request request, Permit permit, std::uint32_t loop,
                                   Waiter* waiter) {
    return DeferredRef(new DeferredResult(std::move(request), std::move(permit), loop, waiter));
}

void DeferredResult::Abandon() {
    waiter = nullptr;
    if (Broken(Rule::kPermitOutlivesItsSession)) permit_.Release();
}

void DeferredRef::Release() {
    // Release on every drop and acquire on the last one: the destroying thread sees all writes.
    if (deferred_ != nullptr &&
        deferred_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete deferred_;
    }
}

}  // namespace holdfast::gateway
