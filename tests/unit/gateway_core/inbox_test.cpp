#include "gateway/core/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace holdfast::gateway {
namespace {

class CountingWaker final : public Waker {
  public:
    void Wake() override { ++wakes; }
    int wakes = 0;
};

TEST(InboxTest, WakesOnceFromEmptyToNonEmpty) {
    CountingWaker waker;
    Inbox<int> inbox(10, waker);
    std::vector<int> batch = {1, 2};
    inbox.PushAll(batch);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(waker.wakes, 1);
    batch = {3};
    inbox.PushAll(batch);
    EXPECT_EQ(waker.wakes, 1);
    std::vector<int> taken;
    inbox.TakeAll(taken);
    EXPECT_EQ(taken, (std::vector<int>{1, 2, 3}));
    batch = {4};
    inbox.PushAll(batch);
    EXPECT_EQ(waker.wakes, 2);
}

TEST(InboxTest, AnEmptyBatchWakesNobody) {
    CountingWaker waker;
    Inbox<int> inbox(10, waker);
    std::vector<int> batch;
    inbox.PushAll(batch);
    EXPECT_EQ(waker.wakes, 0);
    std::vector<int> taken;
    inbox.TakeAll(taken);
    EXPECT_TRUE(taken.empty());
}

TEST(InboxTest, TwoThreadsHandOverEverythingInOrderWithNoLostWakeUp) {
    class BlockingWaker final : public Waker {
      public:
        void Wake() override {
            {
                const std::lock_guard lock(mutex_);
                signalled_ = true;
            }
            condition_.notify_one();
        }
        void Wait() {
            std::unique_lock lock(mutex_);
            condition_.wait(lock, [this] { return signalled_; });
            signalled_ = false;
        }

      private:
        std::mutex mutex_;
        std::condition_variable condition_;
        bool signalled_ = false;
    };
    constexpr int kItems = 100'000;
    BlockingWaker waker;
    Inbox<int> inbox(kItems, waker);
    const std::jthread giver([&] {
        std::vector<int> batch;
        for (int next = 0; next < kItems;) {
            for (int i = 0; i <= next % 7 && next < kItems; ++i) batch.push_back(next++);
            inbox.PushAll(batch);
        }
    });
    std::vector<int> taken;
    for (int expected = 0; expected < kItems;) {
        waker.Wait();
        inbox.TakeAll(taken);
        for (const int item : taken) {
            ASSERT_EQ(item, expected);
            ++expected;
        }
        taken.clear();
    }
}

}  // namespace
}  // namespace holdfast::gateway
