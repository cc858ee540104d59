#include "gateway/http/session_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::gateway::http {
namespace {

struct Incoming {
    explicit Incoming(std::uint64_t upload_bytes)
        : budget({.requests = 1, .bytes = 64U << 20U, .upload_bytes = upload_bytes}) {
        route.body_limit = 4U << 20U;
        Request request;
        request.route = &route;
        upload.emplace(std::move(request), std::move(*budget.TryAdmit(0)));
    }

    Route route;
    InflightBudget budget;
    std::optional<Upload> upload;
};

TEST(Upload, ABodyNeverHasMoreRoomThanItWasGranted) {
    Incoming incoming(64U << 20U);
    Upload& upload = *incoming.upload;
    const std::size_t within = std::string().capacity();
    unsigned moves = 0;
    for (std::size_t piece = 1; upload.request.body.size() + piece <= (3U << 20U);
         piece = piece % 4001 + 7) {
        const std::size_t before = upload.request.body.capacity();
        ASSERT_TRUE(upload.OnPiece(std::string(piece, 'x')));
        if (upload.request.body.capacity() != before) ++moves;
        ASSERT_LE(upload.request.body.capacity(), std::max<std::size_t>(upload.granted, within));
        ASSERT_EQ(incoming.budget.upload_bytes(), upload.granted);
    }
    EXPECT_LE(moves, 40U);
}

TEST(Upload, TakesWhatThereIsWhenTheBudgetIsNearlyFull) {
    Incoming incoming(1'000'000);
    Upload& upload = *incoming.upload;
    while (upload.OnPiece(std::string(1000, 'x'))) {
    }
    EXPECT_EQ(upload.refusal, Upload::Refusal::kNoRoom);
    EXPECT_EQ(upload.request.body.size(), 1'000'000U);
}

TEST(Upload, IsGrantedNoMoreThanTheBodyMayHave) {
    Incoming incoming(64U << 20U);
    Upload& upload = *incoming.upload;
    while (upload.OnPiece(std::string(1024, 'x'))) {
    }
    EXPECT_EQ(upload.refusal, Upload::Refusal::kTooLarge);
    EXPECT_EQ(upload.granted, incoming.route.body_limit);
}

TEST(Keep, BytesThatArePutAsideTakeNoMoreRoomThanTheyNeed) {
    std::string kept;
    for (std::size_t size = 100; size <= 24'000; size += 100) {
        Keep(kept, std::string(size, 'x'));
        EXPECT_EQ(kept.size(), size);
        ASSERT_EQ(kept.capacity(), size);
    }
    Keep(kept, "less");
    EXPECT_EQ(kept, "less");
    Free(kept);
    EXPECT_EQ(kept.capacity(), std::string().capacity());
}

}  // namespace
}  // namespace holdfast::gateway::http
