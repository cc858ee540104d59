#include "tests/support/stack/stack.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace holdfast::testing {
namespace {

std::string MakeDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "holdfast-stack-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    return name;
}

}  // namespace

int SlowFactor() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return 10;
#else
    return 1;
#endif
}

std::string Endpoint(std::uint16_t port) {
    return "tcp://127.0.0.1:" + std::to_string(port);
}

std::vector<std::string> WorkerCommand(const std::string& plugin,
                                       const std::vector<std::string>& endpoints,
                                       const std::vector<std::string>& options) {
    std::vector<std::string> command = {
        std::filesystem::path(HOLDFAST_BIN_DIR) / "holdfast-worker", "--plugin",
        std::filesystem::path(HOLDFAST_PLUGIN_DIR) / ("libholdfast_" + plugin + ".so")};
    for (const std::string& endpoint : endpoints) {
        command.insert(command.end(), {"--gateway", endpoint});
    }
    command.insert(command.end(), options.begin(), options.end());
    return command;
}

std::vector<std::string> OrdersOptions(const std::filesystem::path& database, int threads,
                                       const nlohmann::json& more) {
    nlohmann::json config = {{"database", database}, {"seed", true}};
    config.update(more);
    return {"--threads", std::to_string(threads), "--plugin-config", config.dump()};
}

Stack::Stack(std::string config)
    : directory_(MakeDirectory()),
      config_(std::move(config)),
      ports_{FreePort(), FreePort(), FreePort()} {}

Stack::~Stack() {
    workers_.clear();
    gateway_.reset();
    if (!keep_) std::filesystem::remove_all(directory_);
}

std::filesystem::path Stack::gateway_binary() const {
    return std::filesystem::path(HOLDFAST_BIN_DIR) / "holdfast-gateway";
}

void Stack::StartGateway(const std::map<std::string, std::string>& environment) {
    const auto file = directory_ / "gateway.yaml";
    std::ofstream(file) << config_;
    std::map<std::string, std::string> all = environment;
    all["HOLDFAST_LISTEN_PORT"] = std::to_string(ports_.data);
    all["HOLDFAST_OPS_PORT"] = std::to_string(ports_.ops);
    all["HOLDFAST_BUS_PORT"] = std::to_string(ports_.bus);
    gateway_.reset();
    std::vector<std::string> command = starter_;
    command.insert(command.end(), {gateway_binary(), "--config", file});
    gateway_ = std::make_unique<Process>(command, directory_ / "gateway.log", all);
    const bool answers = Eventually([this] {
        if (!gateway_->Running()) return true;
        return static_cast<bool>(OpsClient().Get("/healthz"));
    });
    if (!answers || !gateway_->Running()) {
        throw std::runtime_error("the gateway did not start:\n" + gateway_->Output());
    }
}

bool Stack::WaitReady(std::chrono::milliseconds patience) {
    return Eventually(
        [this] {
            const auto answer = OpsClient().Get("/readyz");
            return answer && answer->status == 200;
        },
        patience);
}

bool Stack::WaitForWorkers(std::size_t count, std::chrono::milliseconds patience) {
    return Eventually(
        [&] {
            std::size_t live = 0;
            for (const auto& worker :
                 Ops("/v1/workers").value("workers", nlohmann::json::array())) {
                if (worker.value("state", "") == "live" && worker.value("credit", 0) > 0) ++live;
            }
            return live == count;
        },
        patience);
}

Process& Stack::StartWorker(const std::string& plugin, const std::vector<std::string>& options) {
    const std::string log = "worker-" + std::to_string(workers_.size()) + ".log";
    workers_.push_back(std::make_unique<Process>(
        WorkerCommand(plugin, {Endpoint(ports_.bus)}, options), directory_ / log));
    return *workers_.back();
}

Process& Stack::StartOrdersWorker(int threads) {
    return StartWorker("orders", OrdersOptions(database(), threads));
}

Process& Stack::StartTroubleWorker(int threads, const std::vector<std::string>& options) {
    std::vector<std::string> all = {"--threads", std::to_string(threads), "--plugin-config",
                                    directory_ / "events.log"};
    all.insert(all.end(), options.begin(), options.end());
    return StartWorker("trouble", all);
}

std::vector<std::string> Stack::events() const {
    std::ifstream file(directory_ / "events.log");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

httplib::Client Stack::Client() const {
    httplib::Client client("127.0.0.1", ports_.data);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_read_timeout(std::chrono::seconds(60));
    return client;
}

httplib::Client Stack::OpsClient() const {
    httplib::Client client("127.0.0.1", ports_.ops);
    client.set_read_timeout(std::chrono::seconds(10));
    return client;
}

nlohmann::json Stack::Ops(const std::string& path) const {
    const auto answer = OpsClient().Get(path);
    if (!answer || answer->status != 200) return nlohmann::json::object();
    return nlohmann::json::parse(answer->body);
}

double Stack::Metric(const std::string& name) const {
    const auto answer = OpsClient().Get("/metrics");
    if (!answer) return 0;
    std::istringstream lines(answer->body);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
    }
    return 0;
}

std::uint64_t Stack::Pending() const {
    return static_cast<std::uint64_t>(Metric("holdfast_pending_requests"));
}

httplib::Result Stack::PostOrder(httplib::Client& client, const std::string& customer, int quantity,
                                 const std::string& key) const {
    const nlohmann::json order = {
        {"customer", customer},
        {"lines", {{{"sku", "tea-250"}, {"quantity", quantity}}}},
        {"currency", "EUR"},
    };
    httplib::Headers headers;
    if (!key.empty()) headers.emplace("Idempotency-Key", key);
    return client.Post("/v1/orders", headers, order.dump(), "application/json");
}

}  // namespace holdfast::testing
