#include "gateway/core/route_budget.h"

#include <cassert>
#include <utility>

namespace holdfast::gateway {

RouteBudget::~RouteBudget() {
    assert(requests() == 0 && bytes() == 0 && "a request outlived its route");
}

std::optional<RouteShare> RouteBudget::TryAdmit(std::uint64_t bytes) {
    if (!held_.TryAdmit(bytes)) return std::nullopt;
    return RouteShare(*this, bytes);
}

RouteShare::RouteShare(RouteShare&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

RouteShare& RouteShare::operator=(RouteShare&& other) noexcept {
    if (this != &other) {
        Release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

bool RouteShare::TryGrow(std::uint64_t bytes) {
    if (budget_ == nullptr) return true;
    if (!budget_->held_.TryGrow(bytes)) return false;
    bytes_ += bytes;
    return true;
}

void RouteShare::Shrink(std::uint64_t bytes) {
    if (budget_ == nullptr) return;
    budget_->held_.Shrink(bytes);
    bytes_ -= bytes;
}

void RouteShare::Release() {
    if (budget_ == nullptr) return;
    budget_->held_.Release(std::exchange(bytes_, 0));
    budget_ = nullptr;
}

}  // namespace holdfast::gateway
