#include "worker/runtime/request_block.h"

#include <cstring>
#include <new>

namespace holdfast::worker {
namespace {

/// Copies strings one after another into memory that was measured before.
class Filler {
  public:
    Filler(holdfast_field* fields, char* bytes) : fields_(fields), bytes_(bytes) {}

    holdfast_span Copy(std::string_view text) {
        char* const begin = bytes_;
        if (!text.empty()) std::memcpy(begin, text.data(), text.size());
        bytes_ += text.size();
        return {begin, text.size()};
    }
    holdfast_fields Copy(const std::vector<RequestView::FieldView>& from) {
        holdfast_field* const begin = fields_;
        for (const auto& field : from) {
            ::new (fields_++) holdfast_field{Copy(field.name), Copy(field.value)};
        }
        return {begin, from.size()};
    }

  private:
    holdfast_field* fields_;
    char* bytes_;
};

}  // namespace

void RequestView::Clear() {
    id = sequence = 0;
    attempt = timeout_ms = 0;
    service = route = method = target = idempotency_key = body = {};
    for (auto& group : fields) group.clear();
}

std::uint64_t RequestView::PayloadBytes() const {
    std::uint64_t bytes = service.size() + route.size() + method.size() + target.size() +
                          idempotency_key.size() + body.size();
    for (const auto& group : fields) {
        for (const auto& field : group) bytes += field.name.size() + field.value.size();
    }
    return bytes;
}

std::size_t RequestView::FieldCount() const {
    std::size_t count = 0;
    for (const auto& group : fields) count += group.size();
    return count;
}

std::unique_ptr<RequestPayload> RequestBlock::Make(const RequestView& view) {
    static_assert(alignof(holdfast_field) <= alignof(RequestBlock));
    const std::size_t fields = view.FieldCount() * sizeof(holdfast_field);
    void* const memory = ::operator new(sizeof(RequestBlock) + fields +
                                        static_cast<std::size_t>(view.PayloadBytes()));
    auto* const block = ::new (memory) RequestBlock();
    char* const behind = static_cast<char*>(memory) + sizeof(RequestBlock);
    Filler fill(static_cast<holdfast_field*>(static_cast<void*>(behind)), behind + fields);
    holdfast_request_v1& request = block->request_;
    request.size = sizeof request;
    request.correlation_id = view.id;
    request.attempt = view.attempt;
    request.service = fill.Copy(view.service);
    request.route = fill.Copy(view.route);
    request.method = fill.Copy(view.method);
    request.target = fill.Copy(view.target);
    request.idempotency_key = fill.Copy(view.idempotency_key);
    request.body = fill.Copy(view.body);
    request.parameters = fill.Copy(view.fields[RequestView::kParameters]);
    request.headers = fill.Copy(view.fields[RequestView::kHeaders]);
    request.attributes = fill.Copy(view.fields[RequestView::kAttributes]);
    return std::unique_ptr<RequestPayload>(block);
}

}  // namespace holdfast::worker
