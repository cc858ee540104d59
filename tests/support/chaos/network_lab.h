#pragma once

#include <map>
#include <string>
#include <vector>

namespace holdfast::testing {

/// Hosts as network namespaces, each joined to a bridge by a link of its own (iproute2). Names
/// carry this process's id; all of it is removed with this object. Thread: one.
class NetworkLab {
  public:
    /// Why there can be none here, such as that this is not root; empty when there can.
    static std::string WhyNot();

    /// Throws std::runtime_error when a command fails; then nothing is left behind.
    explicit NetworkLab(const std::vector<std::string>& hosts);
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
    /// Loss and delay on what the host sends, as tc-netem takes it; empty: none any more. False
    /// where the kernel has no netem.
    bool Impair(const std::string& host, const std::string& netem) const;

  private:
    struct Host {
        std::string space;  ///< the namespace
        std::string link;   ///< the bridge's end of the cable
        std::string address;
    };

    void Remove() const;

    std::string bridge_;
    std::map<std::string, Host> hosts_;
};

}  // namespace holdfast::testing
