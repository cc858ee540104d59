// What a plugin says of itself, and the config that it is given: refused with a reason, or printed
// as text and as JSON, and made into values that its options allow.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <holdfast/worker/config.hpp>
#include <holdfast/worker/plugin_library.hpp>
#include <nlohmann/json.hpp>

#include "worker/runtime/describe.h"

namespace {

namespace worker = holdfast::worker;

constexpr std::size_t kOptions = 4;

void Require(bool holds) {
    if (!holds) std::abort();
}

/// Texts that stay where they are.
class Texts {
  public:
    explicit Texts(FuzzedDataProvider& input) : input_(input) { texts_.reserve(64); }
    const char* Next() {
        if (input_.ConsumeProbability<double>() < 0.1) return nullptr;
        texts_.push_back(input_.ConsumeRandomLengthString(160));
        return texts_.back().c_str();
    }

  private:
    FuzzedDataProvider& input_;
    std::vector<std::string> texts_;
};

void* Create(const holdfast_host_v1*, holdfast_span, char*, std::size_t) {
    return nullptr;
}
void Handle(void*, const holdfast_request_v1*, holdfast_responder) {}
void Destroy(void*) {}

holdfast_option_v1 Option(FuzzedDataProvider& input, Texts& texts) {
    holdfast_option_v1 option{};
    option.size = input.ConsumeBool() ? sizeof option : input.ConsumeIntegral<std::uint8_t>();
    option.name = texts.Next();
    option.description = texts.Next();
    option.type = input.ConsumeIntegralInRange<std::uint32_t>(0, 10);
    option.flags = input.ConsumeIntegralInRange<std::uint32_t>(0, 7);
    if (input.ConsumeBool()) {
        option.lowest = input.ConsumeIntegral<std::int64_t>();
        option.highest = input.ConsumeIntegral<std::int64_t>();
    }
    option.default_integer = input.ConsumeIntegral<std::int64_t>();
    option.default_text = texts.Next();
    if (input.ConsumeBool()) option.choices = texts.Next();
    return option;
}

void ReadValues(worker::OptionList options, const std::string& text) {
    const worker::Config config(options, text);
    for (const holdfast_option_v1* option : options) {
        const bool bounded = option->lowest != 0 || option->highest != 0;
        if (option->type == HOLDFAST_OPTION_INTEGER && config.Given(option->name) && bounded) {
            const std::int64_t value = config.Integer(option->name);
            Require(value >= option->lowest && value <= option->highest);
        }
        if (option->type == HOLDFAST_OPTION_TEXT && config.Given(option->name)) {
            Require(!config.Text(option->name).empty());
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    Texts texts(input);
    std::array<const char*, 3> services{};
    for (const char*& service : services) service = texts.Next();
    std::array<holdfast_option_v1, kOptions> options{};
    std::array<const holdfast_option_v1*, kOptions> pointers{};
    for (std::size_t i = 0; i < kOptions; ++i) {
        options.at(i) = Option(input, texts);
        if (input.ConsumeProbability<double>() > 0.05) pointers.at(i) = &options.at(i);
    }
    holdfast_plugin_v1 plugin{
        .abi = HOLDFAST_ABI_INIT,
        .size = sizeof(holdfast_plugin_v1),
        .name = texts.Next(),
        .version = texts.Next(),
        .services = services.data(),
        .service_count = input.ConsumeIntegralInRange<std::size_t>(0, 3),
        .create = &Create,
        .handle = &Handle,
        .destroy = &Destroy,
        .options = input.ConsumeBool() ? pointers.data() : nullptr,
        .option_count = input.ConsumeIntegralInRange<std::size_t>(0, kOptions)};
    if (input.ConsumeBool()) plugin.size = input.ConsumeIntegral<std::uint8_t>();
    if (input.ConsumeBool()) plugin.abi.built_with = texts.Next();
    const std::string config = input.ConsumeRemainingBytesAsString();

    if (!worker::CheckPlugin(&plugin, "fuzz.so").empty()) return 0;
    try {
        Require(!worker::DescribeText(plugin, "fuzz.so").empty());
        Require(nlohmann::json::accept(worker::DescribeJson(plugin, "fuzz.so")));
        worker::CheckConfig(plugin, config, "fuzz.json");
        ReadValues(worker::OptionsOf(plugin), config);
    } catch (const worker::PluginError& error) {
        Require(*error.what() != '\0');
    } catch (const worker::ConfigError& error) {
        Require(*error.what() != '\0');
    }
    return 0;
}
