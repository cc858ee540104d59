#include <cstdio>

#include "gateway/config/config.h"

// Prints docs/config.md; the target `config_reference` writes it.
int main() {
    const std::string text = holdfast::gateway::config::Reference();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
