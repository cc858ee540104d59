#include "ctl/scaffold/project.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>

#include "ctl/bad_usage.h"

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Project : public ::testing::Test {
  protected:
    Project() {
        std::string pattern = (fs::temp_directory_path() / "holdfast-project-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~Project() override { fs::remove_all(folder_); }

    std::string Read(const fs::path& path) const {
        std::ostringstream text;
        text << std::ifstream(folder_ / path).rdbuf();
        return text.str();
    }
    void ExpectEmpty() const { EXPECT_TRUE(fs::is_empty(folder_)); }

    fs::path folder_;
};

TEST(PluginName, IsAWordThatAFileAClassAndAServiceCanHave) {
    for (const char* name : {"quote", "a", "price_list_2", "class", "int"}) {
        EXPECT_THAT(WhyNoPluginName(name), IsEmpty()) << name;
    }
    for (const char* name : {"", "Quote", "2nd", "_a", "a_", "a__b", "a-b", "a b", "../a", "a/b",
                             "a\n", "ä", "a\xff"}) {
        EXPECT_THAT(WhyNoPluginName(name), Not(IsEmpty())) << name;
    }
    EXPECT_THAT(WhyNoPluginName(std::string(kMaxPluginName, 'a')), IsEmpty());
    EXPECT_THAT(WhyNoPluginName(std::string(kMaxPluginName + 1, 'a')), HasSubstr("more than 40"));
}

TEST(PluginName, IsNoneThatTheSdkOrAShippedPluginHas) {
    for (const char* name : {"request", "reply", "plugin", "echo", "orders", "test"}) {
        EXPECT_EQ(WhyNoPluginName(name), "that word is taken") << name;
    }
}

TEST_F(Project, HasEveryTemplateWithTheNameFilledIn) {
    WriteProject("price_list", CppTemplates(), folder_ / "p");
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "p")) {
        if (!entry.is_regular_file()) continue;
        ++files;
        EXPECT_THAT(entry.path().string(), Not(HasSubstr("plugin_name")));
        const std::string text = Read(entry.path());
        for (const char* left : {"plugin_name", "PluginName", "@version@"}) {
            EXPECT_THAT(text, Not(HasSubstr(left))) << entry.path();
        }
    }
    EXPECT_EQ(files, CppTemplates().size());
    EXPECT_THAT(Read("p/src/price_list.h"), HasSubstr("class PriceList : public"));
    EXPECT_THAT(Read("p/gateway.yaml"), HasSubstr("path: /v1/price_list\n"));
    EXPECT_THAT(Read("p/CMakeLists.txt"), HasSubstr("find_package(holdfast 0."));
}

TEST_F(Project, NameThatHoldsAPlaceholderIsFilledInOnce) {
    const TemplateFile file{"plugin_name.txt", "plugin_name PluginName"};
    WriteProject("my_plugin_name", {&file, 1}, folder_ / "p");
    EXPECT_EQ(Read("p/my_plugin_name.txt"), "my_plugin_name MyPluginName");
}

TEST_F(Project, IsReadableByOthersAsTheUmaskSays) {
    const mode_t before = umask(022);
    WriteProject("quote", CppTemplates(), folder_ / "p");
    umask(before);
    EXPECT_EQ(fs::status(folder_ / "p").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(folder_ / "p/README.md").permissions(), fs::perms(0644));
}

TEST_F(Project, MayBeNamedWithASlashBehind) {
    WriteProject("quote", CppTemplates(), folder_ / "p/");
    EXPECT_TRUE(fs::exists(folder_ / "p/README.md"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(Project, LeavesWhatExistsAlone) {
    std::ofstream(folder_ / "file") << "mine";
    fs::create_directory(folder_ / "folder");
    fs::create_symlink("nowhere", folder_ / "link");
    for (const char* name : {"file", "folder", "link"}) {
        EXPECT_THROW(WriteProject("quote", CppTemplates(), folder_ / name), BadUsage) << name;
    }
    EXPECT_EQ(Read("file"), "mine");
    EXPECT_TRUE(fs::is_empty(folder_ / "folder"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 3);
}

TEST_F(Project, NeedsAFolderToBeIn) {
    EXPECT_THROW(WriteProject("quote", CppTemplates(), folder_ / "none/p"), BadUsage);
    ExpectEmpty();
}

TEST_F(Project, IsNotThereAtAllWhenAFileCannotBeWritten) {
    const TemplateFile files[] = {{"a", "a file"}, {"a/b", "in a folder of that name"}};
    EXPECT_THROW(WriteProject("quote", files, folder_ / "p"), std::system_error);
    ExpectEmpty();
}

TEST_F(Project, IsNotThereAtAllWhenTheDiskIsFull) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto on_signal = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    std::string said;
    try {
        WriteProject("quote", CppTemplates(), folder_ / "p");
    } catch (const std::system_error& error) {
        said = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, on_signal);
    EXPECT_THAT(said, HasSubstr("cannot write "));
    EXPECT_THAT(said, HasSubstr("File too large"));
    ExpectEmpty();
}

}  // namespace
}  // namespace holdfast::ctl
