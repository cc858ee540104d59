#include "tests/support/chaos/network_lab.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace holdfast::testing {
namespace {

constexpr const char* kIp = "/sbin/ip";

bool Try(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

void Ip(const std::string& arguments) {
    const std::string command = std::string(kIp) + " " + arguments;
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

/// Interface names have at most 15 letters.
std::string Tag() {
    return "hf" + std::to_string(getpid());
}

}  // namespace

std::string NetworkLab::WhyNot(Cables cables) {
    if (geteuid() != 0) return "network namespaces need root";
    if (access(kIp, X_OK) != 0) return "there is no iproute2";
    const std::string probe = Tag() + "probe";
    if (!Try(std::string(kIp) + " netns add " + probe)) return "network namespaces are refused";
    Try(std::string(kIp) + " netns del " + probe);
    if (!Try(std::string(kIp) + " link add " + Tag() + "p type bridge")) {
        return "the kernel has no bridges";
    }
    Try(std::string(kIp) + " link del " + Tag() + "p");
    if (cables == Cables::kLossy) return LossyCable::WhyNot();
    return {};
}

NetworkLab::NetworkLab(const std::vector<std::string>& hosts, Cables cables)
    : bridge_(Tag() + "b") {
    // A network of its own in 10.192/10, so that two labs on one machine do not meet.
    const auto id = static_cast<unsigned>(getpid());
    const std::string net =
        "10." + std::to_string(192 + id / 256 % 64) + "." + std::to_string(id % 256) + ".";
    try {
        Ip("link add " + bridge_ + " type bridge");
        Ip("addr add " + net + "1/24 dev " + bridge_);
        Ip("link set " + bridge_ + " up");
        for (const std::string& name : hosts) {
            const std::string number = std::to_string(hosts_.size() + 2);
            Host& host = hosts_[name] = {Tag() + "-" + name, Tag() + "v" + number, net + number};
            Ip("netns add " + host.space);
            if (cables == Cables::kLossy) {
                const std::string far_end = host.link + "h";
                host.cable = std::make_unique<LossyCable>(host.link, far_end, hosts_.size());
                Ip("link set " + far_end + " netns " + host.space + " name eth0");
            } else {
                Ip("link add " + host.link + " type veth peer name eth0 netns " + host.space);
            }
            Ip("link set " + host.link + " master " + bridge_ + " up");
            Ip("-n " + host.space + " addr add " + host.address + "/24 dev eth0");
            Ip("-n " + host.space + " link set eth0 up");
            Ip("-n " + host.space + " link set lo up");
        }
    } catch (...) {
        Remove();
        throw;
    }
}

NetworkLab::~NetworkLab() {
    Remove();
}

void NetworkLab::Remove() {
    for (auto& [name, host] : hosts_) {
        host.cable.reset();
        Try(std::string(kIp) + " netns del " + host.space);
        Try(std::string(kIp) + " link del " + host.link);
    }
    Try(std::string(kIp) + " link del " + bridge_);
}

std::vector<std::string> NetworkLab::On(const std::string& host,
                                        const std::vector<std::string>& command) const {
    std::vector<std::string> words = {kIp, "netns", "exec", hosts_.at(host).space};
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

void NetworkLab::SetLink(const std::string& host, bool up) const {
    Ip("link set " + hosts_.at(host).link + (up ? " up" : " down"));
}

void NetworkLab::DropOneWay(const std::string& from, const std::string& to, bool drop) const {
    // Sent to a hardware address that nobody has: it works on every kernel, without netfilter.
    const std::string neighbour =
        "-n " + hosts_.at(from).space + " neigh " + (drop ? "replace " : "del ") + Address(to) +
        (drop ? " lladdr 02:00:00:00:00:01 nud permanent" : "") + " dev eth0";
    Ip(neighbour);
}

}  // namespace holdfast::testing
