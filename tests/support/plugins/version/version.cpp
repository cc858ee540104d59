#include <holdfast/worker/plugin.hpp>

#include <chrono>
#include <thread>

namespace holdfast::test {
namespace {

/// Takes its time, so that requests are under way whenever the build is replaced.
class Version : public worker::Plugin {
  public:
    worker::Reply Handle(const worker::Request& /*request*/) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return {.body = TEST_PLUGIN_VERSION};
    }
};

}  // namespace
}  // namespace holdfast::test

HOLDFAST_PLUGIN(holdfast::test::Version, "version", TEST_PLUGIN_VERSION, "version");
