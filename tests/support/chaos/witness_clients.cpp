#include "tests/support/chaos/witness_clients.h"

#include <httplib.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <utility>

namespace holdfast::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

WitnessClients::WitnessClients(std::vector<std::uint16_t> ports, std::size_t clients,
                               std::uint64_t seed)
    : ports_(std::move(ports)), seed_(seed) {
    std::signal(SIGPIPE, SIG_IGN);  // as OrderClients
    for (std::size_t i = 0; i < clients; ++i) {
        clients_.emplace_back([this, i] { Serve(i); });
    }
}

WitnessClients::~WitnessClients() {
    Stop();
}

std::map<std::string, WitnessAnswer> WitnessClients::Stop() {
    stop_ = true;
    for (std::thread& client : clients_) client.join();
    clients_.clear();
    const std::lock_guard lock(mutex_);
    return answers_;
}

void WitnessClients::Serve(std::size_t index) {
    std::mt19937_64 random(seed_ * 2000 + index);
    std::vector<std::unique_ptr<httplib::Client>> entrances;
    for (const std::uint16_t port : ports_) {
        auto& client = entrances.emplace_back(std::make_unique<httplib::Client>("127.0.0.1", port));
        client->set_keep_alive(true);
        client->set_read_timeout(seconds(8));
    }
    while (!stop_) {
        const bool idempotent = random() % 2 == 0;
        const auto answer = entrances[random() % entrances.size()]->Post(
            idempotent ? "/v1/safe" : "/v1/once", "sleep " + std::to_string(random() % 60),
            "text/plain");
        if (answer && answer->has_header("Holdfast-Correlation-Id")) {
            const std::lock_guard lock(mutex_);
            answers_[answer->get_header_value("Holdfast-Correlation-Id")] = {
                answer->status, answer->get_header_value("Holdfast-Processed"), idempotent};
        }
        std::this_thread::sleep_for(milliseconds(random() % 20));
    }
}

std::vector<std::string> Contradictions(const std::map<std::string, WitnessAnswer>& answers,
                                        const std::filesystem::path& journal) {
    std::map<std::string, int> started;
    std::map<std::string, int> finished;
    std::ifstream file(journal);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string event;
        std::string id;
        words >> event >> id;
        if (event == "started") ++started[id];
        if (event == "finished") ++finished[id];
    }
    std::vector<std::string> found;
    for (const auto& [id, answer] : answers) {
        const auto at = started.find(id);
        const int times = at == started.end() ? 0 : at->second;
        const std::string told = id + " was told " + std::to_string(answer.status) + " " +
                                 answer.processed + ", and was started " + std::to_string(times) +
                                 " times";
        if (times > 0 && answer.processed == "no") found.push_back("not processed: " + told);
        if (times > 1 && !answer.idempotent) found.push_back("redispatched: " + told);
        if (times > 2) found.push_back("redispatched more than once: " + told);
        if (answer.status == 200 && !finished.contains(id)) found.push_back("invented: " + told);
    }
    return found;
}

}  // namespace holdfast::testing
