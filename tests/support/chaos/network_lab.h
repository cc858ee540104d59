#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/chaos/lossy_cable.h"

namespace holdfast::testing {

/// What joins hosts to their bridge: the kernel's veth, or a LossyCable each.
enum class Cables : std::uint8_t { kKernel, kLossy };

/// Hosts as network namespaces, each joined to a bridge by a cable of its own (iproute2). Names
/// carry this process's id; all of it is removed with this object. Thread: one.
class NetworkLab {
  public:
    /// Why there can be none here, such as that this is not root; empty when there can.
    static std::string WhyNot(Cables cables = Cables::kKernel);

    /// Throws when a command fails; then nothing is left behind.
    explicit NetworkLab(const std::vector<std::string>& hosts, Cables cables = Cables::kKernel);
    ~NetworkLab();
    NetworkLab(const NetworkLab&) = delete;
    NetworkLab& operator=(const NetworkLab&) = delete;

    /// The host's address on the bridge. This program reaches it, too.
    std::string Address(const std::string& host) const { return hosts_.at(host).address; }
    /// What runs this command on the host.
    std::vector<std::string> On(const std::string& host,
                                const std::vector<std::string>& command) const;

    /// Pulls the host's cable, or puts it back.
    void SetLink(const std::string& host, bool up) const;
    /// What `from` sends to `to` is lost from now on, and not the other way round; or no more.
    void DropOneWay(const std::string& from, const std::string& to, bool drop) const;
    /// The host's cable, where cables are lossy ones.
    LossyCable& Cable(const std::string& host) const { return *hosts_.at(host).cable; }

  private:
    struct Host {
        std::string space;  ///< the namespace
        std::string link;   ///< the bridge's end of the cable
        std::string address;
        std::unique_ptr<LossyCable> cable{};  ///< null: the kernel's
    };

    void Remove();

    std::string bridge_;
    std::map<std::string, Host> hosts_;
};

}  // namespace holdfast::testing
