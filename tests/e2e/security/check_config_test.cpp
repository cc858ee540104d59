// --check-config reads the keys of the leg as a start would, and says what is wrong with them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/security/command.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CheckConfig : public ::testing::Test {
  protected:
    CheckConfig() {
        fs::create_directories(File("workers"));
        for (const char* name : {"gateway", "worker"}) {
            const CommandResult made = RunCommand(std::string(HOLDFAST_CTL) + " keygen " + name +
                                                  " --dir '" + stack_.directory().string() + "'");
            EXPECT_EQ(made.exit_code, 0) << made.output;
        }
        fs::copy_file(File("worker.key"), File("workers/worker.key"));
        Write("g.yaml", "bus:\n  curve_secret_key: gateway.key_secret\n  curve_workers: workers\n");
    }

    fs::path File(const std::string& name) const { return stack_.directory() / name; }
    void Write(const std::string& name, const std::string& text) const {
        std::ofstream(File(name)) << text;
    }
    CommandResult Check(const std::string& environment = {}) const {
        return RunCommand(environment + stack_.gateway_binary().string() +
                          " --check-config --config " + File("g.yaml").string());
    }
    /// Refuses, and says each of these.
    void ExpectRefused(const std::vector<std::string>& words,
                       const std::string& environment = {}) const {
        const CommandResult result = Check(environment);
        EXPECT_EQ(result.exit_code, 2) << result.output;
        for (const std::string& text : words) EXPECT_THAT(result.output, HasSubstr(text));
    }

    const Stack stack_;
};

TEST_F(CheckConfig, TakesGoodKeys) {
    const CommandResult result = Check();
    EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST_F(CheckConfig, NamesKeysThatAreMissingAndWhereTheyAreConfigured) {
    fs::remove(File("gateway.key_secret"));
    fs::remove(File("workers/worker.key"));
    ExpectRefused({"g.yaml:2:21: 'bus.curve_secret_key': ", "gateway.key_secret: cannot be read",
                   "g.yaml:3:18: 'bus.curve_workers': ", "workers: holds no worker's public"});
    fs::remove(File("workers"));
    ExpectRefused({"'bus.curve_workers': ", "workers: cannot be read as a folder: No such file"});
    ExpectRefused({"$HOLDFAST_BUS_CURVE_SECRET_KEY: 'bus.curve_secret_key': /no/such: cannot"},
                  "HOLDFAST_BUS_CURVE_SECRET_KEY=/no/such ");
}

TEST_F(CheckConfig, NamesKeysThatAreNone) {
    Write("gateway.key_secret", "curve\n  public-key = \"short\"\n");
    ExpectRefused({"gateway.key_secret: public-key must be 40 characters of Z85"});
    fs::copy_file(File("gateway.key"), File("gateway.key_secret"),
                  fs::copy_options::overwrite_existing);
    ExpectRefused({"gateway.key_secret: has no secret-key"});
    Write("workers/other.key", "nothing\n");
    ExpectRefused({"workers/other.key: has no public-key"});
}

TEST_F(CheckConfig, NamesAFolderInThePlaceOfAFile) {
    fs::remove(File("gateway.key_secret"));
    fs::create_directory(File("gateway.key_secret"));
    ExpectRefused({"gateway.key_secret: cannot be read"});
}

}  // namespace
}  // namespace holdfast::testing
