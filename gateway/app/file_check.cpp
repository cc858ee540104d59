#include "gateway/app/file_check.h"

#include <stdexcept>
#include <utility>

#include "gateway/app/certificate.h"
#include "gateway/bus/worker_keys.h"

namespace holdfast::gateway::app {

FileReport CheckFiles(const config::LoadedConfig& loaded) {
    FileReport report;
    const auto check = [&](const std::string& key, const std::string& named, auto read) {
        try {
            read();
        } catch (const std::runtime_error& error) {
            config::Problem problem =
                config::PlaceOf(loaded, key).value_or(config::Problem{loaded.file, 0, 0, {}});
            problem.message = "'" + named + "': " + error.what();
            report.problems.push_back(std::move(problem));
        }
    };
    const config::Tls& tls = loaded.config.listen.tls;
    const config::Bus& bus = loaded.config.bus;
    if (!tls.certificate.empty()) {
        check("listen.tls.certificate", "listen.tls",
              [&] { report.warnings = CertificateWarnings(tls); });
    }
    // Either is given with the other.
    if (!bus.curve_secret_key.empty()) {
        check("bus.curve_secret_key", "bus.curve_secret_key",
              [&] { LoadSecretKey(bus.curve_secret_key); });
        check("bus.curve_workers", "bus.curve_workers",
              [&] { const WorkerKeys keys(bus.curve_workers); });
    }
    return report;
}

}  // namespace holdfast::gateway::app
