#include "gateway/core/worker_registry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace holdfast::gateway {
namespace {

HelloItem Hello(std::string instance) {
    HelloItem hello;
    hello.instance = std::move(instance);
    return hello;
}

class WorkerRegistryTest : public ::testing::Test {
  protected:
    Worker* Add(std::uint64_t peer, std::string instance) {
        return registry_.Add(PeerId{peer}, Hello(std::move(instance)), now_);
    }
    const TimePoint now_ = TimePoint{} + std::chrono::hours(1);
    WorkerRegistry registry_{2, 10};
};

TEST_F(WorkerRegistryTest, FindsByConnectionAndByInstance) {
    Worker* worker = Add(7, "a");
    ASSERT_NE(worker, nullptr);
    EXPECT_EQ(registry_.Find(PeerId{7}), worker);
    EXPECT_EQ(registry_.FindInstance("a"), worker);
    EXPECT_EQ(registry_.Find(PeerId{8}), nullptr);
    EXPECT_EQ(registry_.FindInstance("b"), nullptr);
    EXPECT_EQ(worker->last_heard, now_);
}

TEST_F(WorkerRegistryTest, RefusesBeyondItsCapacityUntilOneLeaves) {
    Worker* first = Add(1, "a");
    EXPECT_NE(Add(2, "b"), nullptr);
    EXPECT_EQ(Add(3, "c"), nullptr);
    EXPECT_EQ(registry_.Find(PeerId{3}), nullptr);
    registry_.Remove(*first);
    EXPECT_NE(Add(3, "c"), nullptr);
}

TEST_F(WorkerRegistryTest, EverySessionIsNewAndNeverZero) {
    Worker* first = Add(1, "a");
    const std::uint64_t session = first->session;
    EXPECT_NE(session, 0U);
    registry_.Remove(*first);
    EXPECT_NE(Add(1, "a")->session, session);
}

TEST_F(WorkerRegistryTest, ReusesAnIndexAndLeavesTheOthersWhereTheyAre) {
    Worker* first = Add(1, "a");
    Worker* second = Add(2, "b");
    const std::uint32_t index = first->index;
    registry_.Remove(*first);
    EXPECT_EQ(Add(3, "c")->index, index);
    EXPECT_EQ(registry_.Find(PeerId{2}), second);
    EXPECT_EQ(&registry_[second->index], second);
}

TEST_F(WorkerRegistryTest, SuspicionIsCountedOnceAndOnlyGrows) {
    Worker* worker = Add(1, "a");
    registry_.Suspect(*worker, Worker::Suspicion::kUnreachable);
    registry_.Suspect(*worker, Worker::Suspicion::kSilent);
    EXPECT_EQ(worker->suspicion, Worker::Suspicion::kUnreachable);
    EXPECT_TRUE(registry_.HasSuspected());
    registry_.Spare(*worker);
    EXPECT_FALSE(registry_.HasSuspected());
    registry_.Spare(*worker);
    EXPECT_FALSE(registry_.HasSuspected());
    registry_.Suspect(*worker, Worker::Suspicion::kSilent);
    registry_.Remove(*worker);
    EXPECT_FALSE(registry_.HasSuspected());
}

TEST_F(WorkerRegistryTest, AVisitorMayRemoveTheWorkerThatItIsGiven) {
    Add(1, "a");
    Add(2, "b");
    std::vector<std::string> seen;
    registry_.ForEach([&](Worker& worker) {
        seen.push_back(worker.hello.instance);
        registry_.Remove(worker);
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
    registry_.ForEach([](Worker&) { FAIL() << "they are gone"; });
}

TEST_F(WorkerRegistryTest, TheLastRequestMayExceedTheByteCreditAndNoneFollows) {
    Worker* worker = Add(1, "a");
    worker->granted = {.requests_total = 10, .bytes_total = 100};
    worker->bytes_sent = 99;
    EXPECT_TRUE(worker->HasCredit());
    worker->bytes_sent = 5000;
    EXPECT_FALSE(worker->HasCredit());
    worker->bytes_sent = 0;
    worker->requests_sent = 10;
    EXPECT_FALSE(worker->HasCredit());
}

}  // namespace
}  // namespace holdfast::gateway
