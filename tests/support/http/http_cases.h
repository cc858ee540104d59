#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/http/http_client.h"

namespace holdfast::test {

/// Bytes that a client sends, and what it must get for them. The routes are /echo (GET, POST;
/// bodies up to 64 KiB, which come back) and /v1/items/{id} (GET, PUT; JSON of up to 100 bytes);
/// the limits of heads are the defaults.
struct HttpCase {
    std::string name;
    std::string section;  ///< of an RFC: "9112 6.3"; "own" where no RFC says it
    std::string bytes;
    std::vector<unsigned> statuses;  ///< of the answers, in order; none: closed without a word
    bool closes = true;              ///< after the last answer; else another request is served
    std::string then{};              ///< sent after the first answer
    bool ends = false;               ///< the client ends its sending side after `bytes`
};

struct HttpCaseGroup {
    std::string title;
    std::vector<HttpCase> cases;
};

HttpCaseGroup FramingCases();
HttpCaseGroup ChunksCases();
HttpCaseGroup LinesCases();
HttpCaseGroup HostCases();
HttpCaseGroup LimitsCases();
HttpCaseGroup RequestLineCases();
HttpCaseGroup MeaningCases();
HttpCaseGroup ConnectionsCases();

/// All of them.
std::vector<HttpCaseGroup> HttpCases();

/// Sends the case's bytes over a new connection, in pieces of `piece`. What was wrong with what
/// came; empty: nothing.
std::string RunHttpCase(const HttpCase& one, HttpClient client,
                        std::size_t piece = std::string::npos);

/// How many requests a server has understood once that has run.
std::size_t UnderstoodOf(const HttpCase& one);

/// docs/http-conformance.md.
std::string HttpCasesAsMarkdown();

}  // namespace holdfast::test
