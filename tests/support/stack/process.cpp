#include "tests/support/stack/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace holdfast::testing {

using std::chrono::steady_clock;

namespace {

/// This process's environment with these variables on top.
std::vector<std::string> Environment(const std::map<std::string, std::string>& more) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        if (!more.contains(text.substr(0, text.find('=')))) variables.push_back(text);
    }
    for (const auto& [name, value] : more) variables.push_back(name + "=" + value);
    return variables;
}

/// As exec takes it: valid as long as `words`.
std::vector<char*> Pointers(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, std::string output_file,
                 const std::map<std::string, std::string>& environment)
    : output_file_(std::move(output_file)) {
    // All of it before fork(): afterwards another thread's lock may be held for ever.
    const std::vector<std::string> variables = Environment(environment);
    const std::vector<char*> argv = Pointers(command);
    const std::vector<char*> envp = Pointers(variables);
    pid_ = fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ > 0) return;

    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
    const int out = open(output_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out >= 0) {
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
    }
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
}

Process::~Process() {
    if (!Running()) return;
    Signal(SIGCONT);
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
}

bool Process::Running() {
    if (exit_) return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
    exit_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return false;
}

void Process::Signal(int signal) const {
    if (!exit_) kill(pid_, signal);
}

std::optional<int> Process::Wait(std::chrono::milliseconds patience) {
    Eventually([this] { return !Running(); }, patience);
    return exit_;
}

std::string Process::Output() const {
    std::ifstream file(output_file_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::optional<std::string> Process::Status(const std::string& key) const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
    }
    return std::nullopt;
}

std::uint64_t Process::ResidentBytes() const {
    const auto text = Status("VmRSS");
    return text ? std::stoull(*text) * 1024 : 0;
}

std::chrono::milliseconds Process::CpuTime() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string line;
    std::getline(file, line);
    // Fields 14 and 15, counted from the end of the name, which may hold blanks.
    std::istringstream fields(line.substr(line.rfind(')') + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    long user = 0;
    long system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

std::uint64_t Process::DescriptorCount() const {
    std::uint64_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
        if (!entry.path().empty()) ++count;
    }
    return count;
}

bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    while (!condition()) {
        if (steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace holdfast::testing
