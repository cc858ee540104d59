#include "tests/e2e/memory/memory_cgroup.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/support/stack/process.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLimit = 64 * kMiB;

class MemoryCgroupTest : public ::testing::Test {
  protected:
    MemoryCgroupTest() {
        std::string name = fs::temp_directory_path() / "holdfast-cgroup-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    ~MemoryCgroupTest() override { fs::remove_all(folder_); }

    /// The output of the command inside the cgroup, while it runs.
    Process Run(const MemoryCgroup& cgroup, const std::vector<std::string>& command) const {
        std::vector<std::string> all = cgroup.EnterCommand();
        all.insert(all.end(), command.begin(), command.end());
        return Process(all, folder_ / "output");
    }

    fs::path folder_;
    std::string why_not_;
};

/// Folders and files in the place of the kernel's, with the names and formats that its
/// documentation gives (admin-guide/cgroup-v2.rst, admin-guide/cgroup-v1/memory.rst).
class PretendedCgroups : public MemoryCgroupTest {
  protected:
    void File(const fs::path& at, const std::string& text) const {
        fs::create_directories((folder_ / at).parent_path());
        std::ofstream(folder_ / at) << text;
    }
    std::string Text(const fs::path& at) const {
        std::ifstream file(at);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::unique_ptr<MemoryCgroup> Create() {
        return MemoryCgroup::Create(kLimit, why_not_,
                                    {.mounts = folder_ / "mounts", .own = folder_ / "own"});
    }
    std::string Mount(const std::string& folder, const std::string& type,
                      const std::string& options) const {
        return type + " " + (folder_ / folder).string() + " " + type + " rw,nosuid" + options +
               " 0 0\n";
    }
    /// As systemd has it: this process is in a scope, and what is above gives the controller.
    void Version2() const {
        File("mounts", "proc /proc proc rw 0 0\n" + Mount("v2", "cgroup2", ",nsdelegate"));
        File("own", "0::/user.slice/session-1.scope\n");
        File("v2/cgroup.subtree_control", "cpuset cpu io memory pids\n");
        File("v2/user.slice/cgroup.subtree_control", "cpu memory pids\n");
        File("v2/user.slice/session-1.scope/cgroup.subtree_control", "\n");
    }
    /// The kernel's files go with their cgroup.
    static void Leave(std::unique_ptr<MemoryCgroup>& cgroup) {
        const fs::path directory = cgroup->directory();
        for (const auto& file : fs::directory_iterator(directory)) fs::remove(file);
        cgroup.reset();
        EXPECT_FALSE(fs::exists(directory));
    }
};

TEST_F(PretendedCgroups, OfVersion2AreMadeBesideThisProcessWhereTheControllerIsGiven) {
    Version2();
    auto cgroup = Create();
    ASSERT_NE(cgroup, nullptr) << why_not_;
    EXPECT_EQ(cgroup->version(), 2);
    const fs::path at = cgroup->directory();
    EXPECT_EQ(at.parent_path(), folder_ / "v2/user.slice");
    EXPECT_EQ(Text(at / "memory.max"), "67108864");
    EXPECT_EQ(Text(at / "memory.swap.max"), "0");

    Process inside = Run(*cgroup, {"echo", "inside"});
    EXPECT_EQ(inside.Wait(std::chrono::seconds(20)), 0);
    EXPECT_EQ(inside.Output(), "inside\n");
    EXPECT_EQ(Text(at / "cgroup.procs"), std::to_string(inside.pid()) + "\n");
    Leave(cgroup);
}

TEST_F(PretendedCgroups, OfVersion2CountAllTogether) {
    Version2();
    auto cgroup = Create();
    ASSERT_NE(cgroup, nullptr) << why_not_;
    std::ofstream(cgroup->directory() / "memory.current") << "9000000\n";
    std::ofstream(cgroup->directory() / "memory.stat")
        << "anon 5000000\nfile 2000000\nkernel 400000\nkernel_stack 65536\npagetables 90112\n"
           "sec_pagetables 0\npercpu 1200\nsock 1600000\nvmalloc 0\nshmem 0\n"
           "slab_reclaimable 1000\nslab_unreclaimable 2000\nslab 3000\n";
    std::ofstream(cgroup->directory() / "memory.events")
        << "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n";
    const MemoryCgroup::Usage usage = cgroup->Read();
    EXPECT_EQ(usage.total, 9'000'000U);
    EXPECT_EQ(usage.cache, 2'000'000U);
    EXPECT_EQ(usage.Held(), 7'000'000U);
    EXPECT_EQ(usage.sockets, 1'600'000U);
    EXPECT_EQ(usage.kernel, 400'000U);
    EXPECT_EQ(cgroup->OomKills(), 2U);
    Leave(cgroup);
}

TEST_F(PretendedCgroups, OfVersion2WithoutTheControllerAreRefusedWithTheReason) {
    Version2();
    File("v2/cgroup.subtree_control", "hugetlb\n");
    File("v2/user.slice/cgroup.subtree_control", "cpu pids\n");
    EXPECT_EQ(Create(), nullptr);
    EXPECT_EQ(why_not_,
              "no cgroup above this process gives the memory controller to those below it");
}

TEST_F(PretendedCgroups, NoneAreRefusedWithTheReason) {
    File("mounts", Mount("cpu", "cgroup", ",cpu"));
    File("own", "1:cpu:/\n");
    EXPECT_EQ(Create(), nullptr);
    EXPECT_EQ(why_not_, "no memory cgroups are mounted");
}

TEST_F(PretendedCgroups, OfVersion1ComeFirstAndCountSocketsApart) {
    Version2();
    File("mounts", Mount("v2", "cgroup2", "") + Mount("v1", "cgroup", ",memory"));
    File("own", "4:memory:/mine\n1:cpu:/\n0::/user.slice/session-1.scope\n");
    fs::create_directories(folder_ / "v1/mine");
    auto cgroup = Create();
    ASSERT_NE(cgroup, nullptr) << why_not_;
    EXPECT_EQ(cgroup->version(), 1);
    const fs::path at = cgroup->directory();
    EXPECT_EQ(at.parent_path(), folder_ / "v1/mine");
    EXPECT_EQ(Text(at / "memory.limit_in_bytes"), "67108864");
    EXPECT_EQ(Text(at / "memory.kmem.tcp.limit_in_bytes"), "67108864");
    std::ofstream(at / "memory.usage_in_bytes") << "9000000\n";
    std::ofstream(at / "memory.kmem.usage_in_bytes") << "400000\n";
    std::ofstream(at / "memory.kmem.tcp.usage_in_bytes") << "1600000\n";
    std::ofstream(at / "memory.stat") << "cache 1\ntotal_cache 2000000\n";
    std::ofstream(at / "memory.oom_control") << "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
    const MemoryCgroup::Usage usage = cgroup->Read();
    EXPECT_EQ(usage.total, 10'600'000U);
    EXPECT_EQ(usage.Held(), 8'600'000U);
    EXPECT_EQ(usage.sockets, 1'600'000U);
    EXPECT_EQ(usage.kernel, 400'000U);
    EXPECT_EQ(cgroup->OomKills(), 2U);
    Leave(cgroup);
}

/// The kernel's own, of whichever version it has.
class RealCgroup : public MemoryCgroupTest {
  protected:
    void SetUp() override {
        cgroup_ = MemoryCgroup::Create(kLimit, why_not_);
        if (cgroup_ == nullptr) GTEST_SKIP() << "no memory cgroup can be set up: " << why_not_;
        std::cout << "cgroup version " << cgroup_->version() << "\n";
    }
    /// Holds what the Python lines say, until it is ended.
    Process Hold(const std::string& lines) const {
        return Run(*cgroup_, {"python3", "-c",
                              "import signal, socket\n" + lines +
                                  "\nprint('held', flush=True)\nsignal.pause()\n"});
    }
    static bool IsHeld(const Process& process) {
        return Eventually([&] { return process.Output() == "held\n"; }, std::chrono::seconds(30));
    }

    std::unique_ptr<MemoryCgroup> cgroup_;
};

TEST_F(RealCgroup, CountsWhatAProgramHoldsAndItsSocketsBuffers) {
    Process process = Hold(
        "memory = bytearray(b'x') * (16 << 20)\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "pairs = []\n"
        "for _ in range(4):\n"
        "    client = socket.create_connection(listener.getsockname())\n"
        "    client.setblocking(False)\n"
        "    pairs.append((client, listener.accept()))\n"
        "    try:\n"
        "        while True: client.send(b'x' * 65536)\n"
        "    except BlockingIOError: pass\n");
    ASSERT_TRUE(IsHeld(process)) << process.Output();
    // Figures are brought together now and then, not at once.
    EXPECT_TRUE(Eventually([&] { return cgroup_->Read().sockets > 2 * kMiB; }))
        << cgroup_->Read().sockets;
    const MemoryCgroup::Usage usage = cgroup_->Read();
    EXPECT_GT(usage.Held(), 18 * kMiB);
    EXPECT_LE(usage.Held(), usage.total);
    EXPECT_LE(usage.total, kLimit);
    EXPECT_GT(usage.kernel, 0U);
    EXPECT_LT(usage.kernel, usage.total);
    EXPECT_EQ(cgroup_->OomKills(), 0U);
}

TEST_F(RealCgroup, KillsWhatTakesMoreAndCountsIt) {
    Process process = Hold("memory = bytearray(b'x') * (96 << 20)");
    EXPECT_EQ(process.Wait(std::chrono::seconds(30)), 128 + SIGKILL) << process.Output();
    EXPECT_EQ(cgroup_->OomKills(), 1U);
}

}  // namespace
}  // namespace holdfast::testing
