#include "gateway/bus/bus.h"

#include <random>
#include <utility>

#include "gateway/bus/bus_thread.h"

namespace holdfast::gateway {
namespace {

BusOptions WithSeed(BusOptions options) {
    while (options.dispatcher.seed == 0) {
        std::random_device random;
        options.dispatcher.seed = std::uint64_t{random()} << 32U | random();
    }
    return options;
}

}  // namespace

Bus::Bus(const BusOptions& options, ReplyBudget& replies, SnapshotCell& snapshots,
         InquiryDesk& inquiries, CounterBlock& counters, Watchdog& watchdog, BusLog log)
    : thread_(std::make_unique<BusThread>(WithSeed(options), replies, snapshots, inquiries,
                                          counters, watchdog, std::move(log))) {}

Bus::~Bus() = default;

std::uint16_t Bus::port() const {
    return thread_->port();
}
BusInbox& Bus::inbox() {
    return thread_->inbox();
}
void Bus::Start(std::vector<CompletionInbox*> loops) {
    thread_->Start(std::move(loops));
}
void Bus::SetWorkerKeys(std::shared_ptr<const WorkerKeys> keys) {
    thread_->SetWorkerKeys(std::move(keys));
}
void Bus::BeginShutdown() {
    thread_->BeginShutdown();
}
void Bus::Stop() {
    thread_->Stop();
}
bool Bus::HasWorkerFor(std::uint32_t service) const {
    return thread_->HasWorkerFor(service);
}

}  // namespace holdfast::gateway
