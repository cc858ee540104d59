#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/config/config.h"

// Whatever the bytes are: a configuration or problems, never both, and what is printed of a good
// one loads to the same values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::gateway::config;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const LoadResult result = LoadText(text, "fuzz.yaml", {});
    if (result.loaded.has_value() != result.problems.empty()) std::abort();
    if (result.loaded) {
        const LoadResult again = LoadText(Print(*result.loaded), "printed.yaml", {});
        if (!again.loaded || again.loaded->config != result.loaded->config) std::abort();
    }
    return 0;
}
