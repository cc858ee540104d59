#pragma once

#include <holdfast/worker/plugin.hpp>
#include <string>

/// Greets whom the request's body names, in the words of its config.
/// Thread: Handle() is called from several at once.
class PluginName : public holdfast::worker::Plugin {
  public:
    /// What --plugin-config may say, as JSON; checked before the plugin is made, once per load.
    static constexpr holdfast::worker::ConfigSchema kConfig{
        holdfast::worker::Option::Text("greeting", "hello", "what comes before the name"),
    };
    explicit PluginName(const holdfast::worker::Config& config);

    /// What it throws is a 502 for the client, with that text in the worker's log.
    Reply Handle(const Request& request) override;

  private:
    std::string greeting_;
};
