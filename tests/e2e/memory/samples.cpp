#include "tests/e2e/memory/samples.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <sstream>

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kInterval(100);
constexpr std::array<const char*, 4> kFigures = {
    "holdfast_pending_requests",
    "holdfast_pending_bytes",
    "holdfast_reply_bytes",
    "holdfast_connections",
};

}  // namespace

Sampler::Sampler(const Stack& stack, const Process& gateway, const MemoryCgroup& cgroup)
    : sampling_([this, &gateway, &cgroup] { SampleUntilStopped(gateway, cgroup); }),
      asking_([this, &stack] { AskUntilStopped(stack); }) {}

Sampler::~Sampler() {
    Stop();
}

const std::vector<Sample>& Sampler::Stop() {
    stop_ = true;
    if (sampling_.joinable()) sampling_.join();
    if (asking_.joinable()) asking_.join();
    return samples_;
}

void Sampler::SampleUntilStopped(const Process& gateway, const MemoryCgroup& cgroup) {
    const auto begin = steady_clock::now();
    for (auto next = begin; !stop_; next += kInterval) {
        std::this_thread::sleep_until(next);
        Sample sample;
        sample.seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
        sample.phase = phase_;
        sample.resident = gateway.ResidentBytes();
        sample.cgroup = cgroup.Read();
        sample.pending_requests = figures_[0];
        sample.pending_bytes = figures_[1];
        sample.reply_bytes = figures_[2];
        sample.connections = figures_[3];
        samples_.push_back(sample);
    }
}

void Sampler::AskUntilStopped(const Stack& stack) {
    httplib::Client client = stack.OpsClient();
    client.set_keep_alive(true);
    while (!stop_) {
        std::this_thread::sleep_for(kInterval);
        const auto answer = client.Get("/metrics");
        if (!answer) continue;
        std::istringstream lines(answer->body);
        for (std::string line; std::getline(lines, line);) {
            for (std::size_t i = 0; i < kFigures.size(); ++i) {
                const std::string start = std::string(kFigures[i]) + " ";
                if (!line.starts_with(start)) continue;
                figures_[i] = static_cast<std::uint64_t>(std::stod(line.substr(start.size())));
            }
        }
    }
}

std::uint64_t PeakIn(const std::vector<Sample>& samples, std::size_t phase,
                     const std::function<std::uint64_t(const Sample&)>& figure) {
    std::uint64_t peak = 0;
    for (const Sample& sample : samples) {
        if (sample.phase == phase) peak = std::max(peak, figure(sample));
    }
    return peak;
}

void WriteCsv(const std::filesystem::path& file, const std::vector<Sample>& samples,
              const std::vector<std::string>& phases) {
    std::ofstream out(file);
    out << "seconds,phase,rss_bytes,cgroup_bytes,cgroup_cache_bytes,cgroup_socket_bytes,"
           "cgroup_kernel_bytes,pending_requests,pending_bytes,reply_bytes,connections\n"
        << std::fixed << std::setprecision(2);
    for (const Sample& sample : samples) {
        out << sample.seconds << ',' << phases[sample.phase] << ',' << sample.resident << ','
            << sample.cgroup.total << ',' << sample.cgroup.cache << ',' << sample.cgroup.sockets
            << ',' << sample.cgroup.kernel << ',' << sample.pending_requests << ','
            << sample.pending_bytes << ',' << sample.reply_bytes << ',' << sample.connections
            << '\n';
    }
}

}  // namespace holdfast::testing
