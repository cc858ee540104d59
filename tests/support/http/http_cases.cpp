#include "tests/support/http/http_cases.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::test {
namespace {

const std::string kAnother = "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";

std::string FaultOf(const HttpResponse& response, unsigned expected) {
    if (response.status != expected) {
        return "it is " + std::to_string(response.status) + " instead of " +
               std::to_string(expected) + ": " + response.body;
    }
    if (expected < 400) return {};
    if (response.Header("content-type") != "application/problem+json" ||
        response.Header("holdfast-outcome") != "rejected" ||
        response.Header("holdfast-processed") != "no") {
        return "it is no problem that says rejected and not processed";
    }
    return {};
}

std::string FaultOfEnd(HttpClient& client, const HttpCase& one, bool said_close) {
    if (!one.statuses.empty() && said_close != one.closes) {
        return said_close ? "it says close" : "it does not say close";
    }
    if (one.closes) return client.WaitForClose() ? "" : "the connection is not closed";
    const auto response = client.Ask(kAnother);
    return response && response->status == 200 ? "" : "the connection serves no other request";
}

/// As a C string would have it, cut where it gets long.
std::string Shown(std::string_view bytes) {
    constexpr std::size_t kShown = 150;
    constexpr std::array<char, 17> kHex = {"0123456789abcdef"};
    std::string text;
    for (const char c : bytes) {
        if (text.size() >= kShown) {
            return text + "… (" + std::to_string(bytes.size()) + " bytes)";
        }
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\r') {
            text += "\\r";
        } else if (c == '\n') {
            text += "\\n";
        } else if (c == '|') {
            text += "\\|";
        } else if (byte < 0x20 || byte > 0x7e) {
            text += {'\\', 'x', kHex[byte / 16U], kHex[byte % 16U]};
        } else {
            text += c;
        }
    }
    return text;
}

std::string AnswerText(const HttpCase& one) {
    std::string text;
    for (const unsigned status : one.statuses) {
        text += (text.empty() ? "" : ", ") + std::to_string(status);
    }
    return text.empty() ? "none" : text;
}

std::string SectionText(const std::string& section) {
    if (section == "own") return "Holdfast's own";
    const std::size_t blank = section.find(' ');
    const std::string rfc = section.substr(0, blank);
    const std::string number = section.substr(blank + 1);
    return "[RFC " + rfc + ", " + number + "](https://www.rfc-editor.org/rfc/rfc" + rfc +
           "#section-" + number + ")";
}

}  // namespace

std::vector<HttpCaseGroup> HttpCases() {
    return {RequestLineCases(), LinesCases(),  HostCases(),    FramingCases(),
            ChunksCases(),      LimitsCases(), MeaningCases(), ConnectionsCases()};
}

std::string RunHttpCase(const HttpCase& one, HttpClient client, std::size_t piece) {
    for (std::size_t at = 0; at < one.bytes.size(); at += std::min(piece, one.bytes.size())) {
        if (!client.Send(std::string_view(one.bytes).substr(at, piece))) break;
    }
    if (one.ends) client.ShutdownSend();
    bool said_close = false;
    std::size_t number = 0;
    for (const unsigned expected : one.statuses) {
        const std::string which = "answer " + std::to_string(++number) + ": ";
        const auto response = client.Receive(one.bytes.starts_with("HEAD "));
        if (!response) return which + "there is none";
        const std::string fault = FaultOf(*response, expected);
        if (!fault.empty()) return which + fault;
        said_close = response->Header("connection") == "close";
        if (number == 1 && !one.then.empty()) client.Send(one.then);
    }
    return FaultOfEnd(client, one, said_close);
}

std::size_t UnderstoodOf(const HttpCase& one) {
    const auto replied = std::count(one.statuses.begin(), one.statuses.end(), 200U);
    return static_cast<std::size_t>(replied) + (one.closes ? 0 : 1);
}

std::string HttpCasesAsMarkdown() {
    std::string text =
        "# HTTP conformance\n\n"
        "What a client sends to the data port, and what it must get. This page is made of the "
        "table in\n[tests/support/http](../tests/support/http/http_cases.h), and a test holds it "
        "to it. `component_http_port` runs every case\nagainst the data port, whole and in pieces "
        "of three bytes, and counts what was understood: nothing is read\nbeyond what is answered. "
        "`e2e_http_conformance` runs them against a gateway with a worker.\n\n"
        "The routes are `/echo` (GET, POST; bodies up to 64 KiB) and `/v1/items/{id}` (GET, PUT; "
        "JSON of up to 100 bytes).\nEvery 4xx and 5xx here has `Holdfast-Outcome: rejected` and "
        "`Holdfast-Processed: no`.\n";
    std::size_t count = 0;
    for (const HttpCaseGroup& group : HttpCases()) {
        text += "\n## " + group.title + "\n\n| case | sent | answer | then | source |\n" +
                "|---|---|---|---|---|\n";
        for (const HttpCase& one : group.cases) {
            ++count;
            text += "| " + one.name + " | `" + Shown(one.bytes) + "`" +
                    (one.ends ? ", and no more" : "") +
                    (one.then.empty() ? "" : ", after the answer `" + Shown(one.then) + "`") +
                    " | " + AnswerText(one) + " | " + (one.closes ? "closed" : "goes on") + " | " +
                    SectionText(one.section) + " |\n";
        }
    }
    return text + "\n" + std::to_string(count) + " cases.\n";
}

}  // namespace holdfast::test
