#include "worker/runtime/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <holdfast/worker/span.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "worker/runtime/request_block.h"

namespace holdfast::worker {
namespace {

using ::testing::SizeIs;

class ARecorder : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string folder = ::testing::TempDir() + "holdfast-record-XXXXXX";
        ASSERT_NE(::mkdtemp(folder.data()), nullptr);
        base_ = folder;
        options_.folder = (base_ / "saved").string();
    }
    void TearDown() override { std::filesystem::remove_all(base_); }

    std::unique_ptr<RequestPayload> Request(const std::string& body) const {
        return ParseRequestFile(R"({"target":"/x","headers":{"Cookie":"secret","accept":"a"}})", "")
            .MakePayload(body);
    }
    /// One whose service, which is always written out, is `text`.
    void Take(Recorder& recorder, const std::string& text = "s") const {
        const auto payload = Request(text);
        recorder.Take(static_cast<const RequestBlock&>(*payload).request(),
                      std::chrono::milliseconds(1500));
    }
    std::vector<std::filesystem::path> Files() const {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
            files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        return files;
    }
    static RequestFile Read(const std::filesystem::path& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return ParseRequestFile(text.str(), path.string());
    }

    std::filesystem::path base_;
    RecordOptions options_;
};

TEST_F(ARecorder, SavesRequestsInTheirOrderForTheirOwnerAlone) {
    {
        Recorder recorder(options_);
        for (int i = 0; i < 12; ++i) Take(recorder, "s" + std::to_string(i));
    }
    const auto files = Files();
    ASSERT_THAT(files, SizeIs(12));
    for (std::size_t i = 0; i < files.size(); ++i) {
        EXPECT_EQ(files[i].extension(), ".json");
        EXPECT_EQ(Read(files[i]).service, "s" + std::to_string(i));
        EXPECT_EQ(std::filesystem::status(files[i]).permissions(),
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    EXPECT_EQ(Read(files[0]).timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(std::filesystem::status(options_.folder).permissions(),
              std::filesystem::perms::owner_all);
}

TEST_F(ARecorder, LeavesOutTheValuesOfSecretHeaders) {
    options_.redact = {"cookie"};
    {
        Recorder recorder(options_);
        Take(recorder);
    }
    const RequestFile saved = Read(Files().at(0));
    EXPECT_EQ(saved.headers, (RequestFile::Fields{{"cookie", "REDACTED"}, {"accept", "a"}}));
}

TEST_F(ARecorder, EndsAtItsLimitOfRequests) {
    options_.max_requests = 3;
    {
        Recorder recorder(options_);
        for (int i = 0; i < 10; ++i) Take(recorder);
    }
    EXPECT_THAT(Files(), SizeIs(3));
}

TEST_F(ARecorder, EndsBeforeItsLimitOfBytesIsPassed) {
    options_.max_bytes = 1000;
    {
        Recorder recorder(options_);
        for (int i = 0; i < 10; ++i) Take(recorder);
    }
    std::uintmax_t bytes = 0;
    for (const auto& file : Files()) bytes += std::filesystem::file_size(file);
    EXPECT_GT(bytes, 0U);
    EXPECT_LE(bytes, 1000U);
}

TEST_F(ARecorder, LeavesOutWhatItsQueueCannotHold) {
    {
        Recorder recorder(options_);
        Take(recorder, std::string(Recorder::kMaxQueuedBytes + 1, 'x'));
        Take(recorder, "small");
    }
    ASSERT_THAT(Files(), SizeIs(1));
    EXPECT_EQ(Read(Files()[0]).service, "small");
}

TEST_F(ARecorder, LetsServingGoOnWhenItsFolderIsGone) {
    {
        Recorder recorder(options_);
        std::filesystem::remove_all(options_.folder);
        for (int i = 0; i < 10; ++i) Take(recorder);
    }
    EXPECT_FALSE(std::filesystem::exists(options_.folder)) << "whoever removed it meant it";
}

TEST_F(ARecorder, SaysAtOnceWhenItsFolderIsNone) {
    std::ofstream(options_.folder) << "a file";
    EXPECT_THROW(Recorder{options_}, std::runtime_error);
    options_.folder = (base_ / "no" / "such").string();
    EXPECT_THROW(Recorder{options_}, std::runtime_error);
}

TEST_F(ARecorder, TakesFromManyThreadsAtOnce) {
    {
        Recorder recorder(options_);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int k = 0; k < 20; ++k) Take(recorder);
            });
        }
    }
    EXPECT_THAT(Files(), SizeIs(80));
}

}  // namespace
}  // namespace holdfast::worker
