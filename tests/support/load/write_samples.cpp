// Writes the reports of the sample results, or of the named ones, into a folder: what the browser
// test opens, and what one looks at after a change to them.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "load/report/report.h"
#include "tests/support/load/rich_result.h"

int main(int argc, char** argv) {
    using namespace holdfast::load;
    if (argc < 2) {
        std::fputs("usage: holdfast_load_samples FOLDER [NAME...]\n", stderr);
        return 2;
    }
    struct Sample {
        const char* name;
        Result (*make)();
    };
    for (const auto& [name, make] : {Sample{"rich", RichResult},
                                     {"closed", ClosedLoopResult},
                                     {"search", SearchResult},
                                     {"long", LongResult},
                                     {"empty", [] { return Result(); }}}) {
        const bool wanted =
            std::any_of(argv + 2, argv + argc,
                        [name = std::string_view(name)](const char* each) { return name == each; });
        if (argc > 2 && !wanted) continue;
        const Result result = make();
        const std::string path = std::string(argv[1]) + "/" + name;
        std::ofstream html(path + ".html", std::ios::binary);
        WriteHtml(result, html);
        std::ofstream json(path + ".json", std::ios::binary);
        WriteJson(result, json);
        std::ofstream table(path + ".txt", std::ios::binary);
        PrintTable(result, table, false);
        if (!html.flush() || !json.flush() || !table.flush()) {
            std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
            return 1;
        }
    }
    return 0;
}
