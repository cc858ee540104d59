#pragma once

#include <holdfast/worker/plugin.hpp>
#include <string>

/// Greets whom the request's body names, in the words of its config.
/// Thread: Handle() is called from several at once.
class PluginName : public holdfast::worker::Plugin {
  public:
    /// Once per load. What it throws ends the load, with that text.
    explicit PluginName(const holdfast::worker::Host& host);

    /// What it throws is a 502 for the client, with that text in the worker's log.
    Reply Handle(const Request& request) override;

  private:
    const std::string greeting_;
};
