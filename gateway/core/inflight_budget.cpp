#include "gateway/core/inflight_budget.h"

#include <cassert>
#include <utility>

#include "gateway/core/mutation.h"

namespace holdfast::gateway {

InflightBudget::~InflightBudget() {
    assert(requests() == 0 && bytes() == 0 && upload_bytes() == 0 &&
           "a permit outlived its budget");
}

std::optional<Permit> InflightBudget::TryAdmit(std::uint64_t bytes, RouteShare share) {
    if (!held_.TryAdmit(bytes)) return std::nullopt;
    return Permit(*this, bytes, std::move(share));
}

Permit::Permit(Permit&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      share_(std::move(other.share_)),
      bytes_(std::exchange(other.bytes_, 0)),
      uploading_(std::exchange(other.uploading_, 0)),
      refused_by_route_(other.refused_by_route_) {}

Permit& Permit::operator=(Permit&& other) noexcept {
    if (this != &other) {
        Release();
        budget_ = std::exchange(other.budget_, nullptr);
        share_ = std::move(other.share_);
        bytes_ = std::exchange(other.bytes_, 0);
        uploading_ = std::exchange(other.uploading_, 0);
        refused_by_route_ = other.refused_by_route_;
    }
    return *this;
}

bool Permit::TryGrowUpload(std::uint64_t bytes) {
    assert(budget_ != nullptr);
    refused_by_route_ = false;
    if (!budget_->uploading_.TryAdd(bytes)) return false;
    if (!TryGrow(bytes)) {
        budget_->uploading_.Subtract(bytes);
        return false;
    }
    uploading_ += bytes;
    return true;
}

bool Permit::TryGrow(std::uint64_t bytes) {
    assert(budget_ != nullptr);
    refused_by_route_ = !share_.TryGrow(bytes);
    if (refused_by_route_) return false;
    if (!budget_->held_.TryGrow(bytes)) {
        share_.Shrink(bytes);
        return false;
    }
    bytes_ += bytes;
    return true;
}

void Permit::FinishUpload() {
    if (budget_ == nullptr) return;
    budget_->uploading_.Subtract(std::exchange(uploading_, 0));
}

void Permit::Release() {
    if (budget_ == nullptr) return;
    FinishUpload();
    if (Broken(Rule::kPermitComesBack)) {
        budget_ = nullptr;
        return;
    }
    budget_->held_.Release(std::exchange(bytes_, 0));
    budget_ = nullptr;
    share_.Release();
}

}  // namespace holdfast::gateway
