#include <holdfast/worker/plugin.hpp>

#include <string>

#ifndef GREETER_VERSION
#define GREETER_VERSION "0"
#endif

namespace {

/// Greets whom the path names, in the words that its config has.
class Greeter : public holdfast::worker::Plugin {
  public:
    explicit Greeter(const holdfast::worker::Host& host)
        : greeting_(host.config().empty() ? "hello" : host.config()) {}

  private:
    Reply Handle(const Request& request) override {
        return {.headers = {{"content-type", "text/plain"}},
                .body = greeting_ + " " + std::string(request.Parameter("name").value_or("you"))};
    }

    const std::string greeting_;
};

}  // namespace

HOLDFAST_PLUGIN(Greeter, "greeter", GREETER_VERSION, "greeter");
