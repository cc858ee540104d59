#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "load/flow/flow.h"

namespace holdfast::load {
namespace {

/// The example as a whole flow: some show a section or a list of steps alone.
std::string Completed(const std::string& example) {
    if (example.starts_with("- ")) return "steps:\n" + example;
    const bool whole = example.find("\nsteps:") != std::string::npos ||
                       example.find("scenarios:") != std::string::npos;
    return whole ? example : example + "steps: [{request: GET /}]\n";
}

TEST(Docs, EveryExampleOfTheReferenceIsAFlow) {
    std::ifstream stream(HOLDFAST_LOAD_FLOWS_MD);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    constexpr std::string_view kBegin = "```yaml\n";
    int examples = 0;
    for (std::size_t at = text.find(kBegin); at != std::string::npos;
         at = text.find(kBegin, at + 1)) {
        const std::size_t begin = at + kBegin.size();
        const std::string example = text.substr(begin, text.find("```", begin) - begin);
        EXPECT_NO_THROW(ParseFlow(Completed(example), "load-flows.md")) << example;
        ++examples;
    }
    EXPECT_GE(examples, 12);
    for (const ReadyFlow& ready : ReadyFlows()) {
        EXPECT_NE(text.find("| `" + std::string(ready.name) + "` |"), std::string::npos)
            << ready.name;
    }
}

}  // namespace
}  // namespace holdfast::load
