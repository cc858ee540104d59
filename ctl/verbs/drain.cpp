#include <chrono>
#include <thread>

#include "ctl/table.h"
#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::chrono::milliseconds kLookAgain{200};

class Drain final : public Verb {
  public:
    const char* name() const override { return "drain"; }
    const char* help() const override {
        return "Refuse new requests, finish those that are held, and end the gateway";
    }
    void AddOptions(CLI::App& app) override {
        app.add_flag("--wait", wait_, "Until the gateway has ended");
        app.add_option("--wait-timeout", wait_s_, "Seconds to wait at most")
            ->capture_default_str()
            ->check(CLI::Range(1U, 86400U));
    }
    int Run(const Context& context) override {
        const OpsAnswer answer = context.Client().Post("/v1/drain");
        const Json body = Json::parse(answer.body, nullptr, false);
        if (answer.status != 202 || !body.is_object()) {
            throw Unreachable(context.Client().url() + "/v1/drain answers " +
                              std::to_string(answer.status));
        }
        if (context.raw) {
            context.out << body.dump(2, ' ', true) << '\n';
        } else {
            context.out << (Show(body, "already_draining") == "true" ? "already draining\n"
                                                                     : "draining\n");
        }
        context.out << std::flush;
        return wait_ ? WaitForTheEnd(context) : kOk;
    }

  private:
    int WaitForTheEnd(const Context& context) const {
        using Clock = std::chrono::steady_clock;
        const auto until = Clock::now() + std::chrono::seconds(wait_s_);
        std::string shown;
        while (Clock::now() < until) {
            std::string left;
            try {
                left = Show(Member(context.Client().GetJson("/v1/pending"), "requests"), "used");
            } catch (const NobodyThere&) {
                // The gateway has closed its ops port: that is the end of its drain.
                if (!context.raw) context.out << "drained\n";
                return kOk;
            } catch (const Unreachable&) {
                left = shown;  // too busy to say, or stopped: it may hold requests still
            }
            if (left != shown && !context.raw)
                context.out << left << " requests left\n" << std::flush;
            shown = left;
            std::this_thread::sleep_for(kLookAgain);
        }
        context.err << "holdfastctl: the gateway still drains after " << wait_s_ << " s\n";
        return kNotWell;
    }

    bool wait_ = false;
    unsigned wait_s_ = 60;
};

}  // namespace

Verb& DrainVerb() {
    static Drain verb;
    return verb;
}

}  // namespace holdfast::ctl
