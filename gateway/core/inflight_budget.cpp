#include "gateway/core/inflight_budget.h"

#include <cassert>
#include <utility>

#include "gateway/core/mutation.h"

namespace holdfast::gateway {

InflightBudget::~InflightBudget() {
    assert(requests() == 0 && bytes() == 0 && upload_bytes() == 0 &&
           "a permit outlived its budget");
}

bool InflightBudget::TryAdd(std::atomic<std::uint64_t>& used, std::uint64_t amount,
                            std::uint64_t limit) {
    std::uint64_t now = used.load(std::memory_order_relaxed);
    do {
        if (amount > limit || now > limit - amount) return false;
    } while (!used.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
    return true;
}

std::optional<Permit> InflightBudget::TryAdmit(std::uint64_t bytes) {
    if (!TryAdd(requests_, 1, limits_.requests)) return std::nullopt;
    if (!TryAdd(bytes_, bytes, limits_.bytes)) {
        requests_.fetch_sub(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    return Permit(*this, bytes);
}

Permit::Permit(Permit&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      uploading_(std::exchange(other.uploading_, 0)) {}

Permit& Permit::operator=(Permit&& other) noexcept {
    if (this != &other) {
        Release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
        uploading_ = std::exchange(other.uploading_, 0);
    }
    return *this;
}

bool Permit::TryGrowUpload(std::uint64_t bytes) {
    assert(budget_ != nullptr);
    if (!InflightBudget::TryAdd(budget_->uploading_, bytes, budget_->limits_.upload_bytes)) {
        return false;
    }
    if (!InflightBudget::TryAdd(budget_->bytes_, bytes, budget_->limits_.bytes)) {
        budget_->uploading_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
    }
    bytes_ += bytes;
    uploading_ += bytes;
    return true;
}

bool Permit::TryGrow(std::uint64_t bytes) {
    assert(budget_ != nullptr);
    if (!InflightBudget::TryAdd(budget_->bytes_, bytes, budget_->limits_.bytes)) return false;
    bytes_ += bytes;
    return true;
}

void Permit::FinishUpload() {
    if (budget_ == nullptr) return;
    budget_->uploading_.fetch_sub(std::exchange(uploading_, 0), std::memory_order_relaxed);
}

void Permit::Release() {
    if (budget_ == nullptr) return;
    FinishUpload();
    if (Broken(Rule::kPermitComesBack)) {
        budget_ = nullptr;
        return;
    }
    budget_->bytes_.fetch_sub(std::exchange(bytes_, 0), std::memory_order_relaxed);
    budget_->requests_.fetch_sub(1, std::memory_order_relaxed);
    budget_ = nullptr;
}

}  // namespace holdfast::gateway
