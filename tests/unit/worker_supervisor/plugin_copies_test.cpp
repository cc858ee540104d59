#include "worker/supervisor/plugin_copies.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "worker/supervisor/file_watch.h"

namespace holdfast::worker {
namespace {

class PluginFile : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = ::testing::TempDir() + "holdfast-plugin-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        file = folder / "lib.so";
        std::ofstream(file) << "one";
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    static std::string TextOf(const std::filesystem::path& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::filesystem::path folder;
    std::filesystem::path file;
};

TEST_F(PluginFile, ACopyKeepsItsBytesWhateverBecomesOfTheFile) {
    PluginCopies copies(file);
    ASSERT_TRUE(copies.Make(1));
    EXPECT_TRUE(copies.SameAs(1));
    std::ofstream(file) << "another";
    EXPECT_EQ(TextOf(copies.PathOf(1)), "one");
    EXPECT_FALSE(copies.SameAs(1));
    ASSERT_TRUE(copies.Make(2));
    EXPECT_EQ(TextOf(copies.PathOf(2)), "another");
    copies.Drop(1);
    EXPECT_FALSE(std::filesystem::exists(copies.PathOf(1)));
    EXPECT_TRUE(std::filesystem::exists(copies.PathOf(2)));
}

TEST_F(PluginFile, TheCopiesGoWithTheirOwner) {
    std::filesystem::path copy;
    {
        PluginCopies copies(file);
        ASSERT_TRUE(copies.Make(1));
        copy = copies.PathOf(1);
        EXPECT_EQ(copy.filename(), "lib.so");
    }
    EXPECT_FALSE(std::filesystem::exists(copy.parent_path().parent_path()));
}

TEST_F(PluginFile, AMissingFileIsAnErrorThatNamesIt) {
    PluginCopies copies(folder / "none.so");
    try {
        static_cast<void>(copies.Make(1));
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("none.so: No such file"), std::string::npos)
            << error.what();
    }
}

TEST_F(PluginFile, TheWatchTellsWritingFromWritten) {
    FileWatch watch(file);
    const int fd = ::open(file.c_str(), O_WRONLY);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::write(fd, "x", 1), 1);
    FileWatch::Changes changes = watch.Take();
    EXPECT_TRUE(changes.written);
    EXPECT_FALSE(changes.complete);
    ::close(fd);
    changes = watch.Take();
    EXPECT_FALSE(changes.written);
    EXPECT_TRUE(changes.complete);
    EXPECT_FALSE(watch.Take().complete) << "told once";
}

TEST_F(PluginFile, TheWatchSeesAFileThatTakesItsPlaceAndNoOther) {
    FileWatch watch(file);
    std::ofstream(folder / "other.so") << "two";
    EXPECT_FALSE(watch.Take().complete);
    std::filesystem::rename(folder / "other.so", file);
    EXPECT_TRUE(watch.Take().complete);
}

}  // namespace
}  // namespace holdfast::worker
