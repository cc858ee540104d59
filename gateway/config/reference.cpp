#include <array>
#include <tuple>

#include "gateway/config/keys.h"
#include "gateway/config/memory_bound.h"
#include "gateway/config/reader.h"

namespace holdfast::gateway::config {
namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- Generated from the table that parses the configuration: change that, then regenerate. -->
# Configuration of holdfast-gateway

The gateway reads one YAML file, named by `--config` or by `HOLDFAST_CONFIG`. It needs none: every
key has a default. `deploy/gateway.yaml` is a commented example.

- `--check-config` reads and checks everything, says what memory the configuration is bounded by,
  and starts nothing.
- `--print-config` prints the effective configuration as YAML, each value with its origin (default,
  file or environment). Secrets are masked.

Whatever is wrong is reported all at once, as `file:line:column: what is wrong and what would be
right`, and the gateway does not start. That includes unknown and repeated keys, and values that are
allowed but cannot work together.

## How values are written

| type | written | |
|---|---|---|
| flag | `true`, `false` | |
| count | `1000` | digits only |
| size | `1000`, `4KiB`, `64MiB`, `1GiB` | bytes when there is no unit; KiB is 1024 B |
| duration | `250ms`, `5s`, `2m`, `0s` | ns, us, ms, s, m, h; the unit is needed |
| choice | one of the words listed | |
| text | plain or in quotes | |
| list | `[a, b]`, or a line for each with `- ` | |

YAML aliases (`*name`) and tags (`!name`) are refused, as is a file above 1MiB.

## Environment

Every key but the routes can be overridden by an environment variable: `HOLDFAST_`, then the key's
path in capitals with `_` for each dot, as `HOLDFAST_LIMITS_PENDING_BYTES=128MiB`. Lists are
separated by commas; `[]` is the empty list. A variable that is set to nothing counts as not set.
Routes are a list and are set in the file only.

A `HOLDFAST_...` variable that names no key is an error, because it is most likely a misspelt one.
Not looked at are those that Kubernetes sets for services whose name begins with `holdfast`, and
those that mean something else:
)";

constexpr std::string_view kRoutesText = R"(
## routes

A list; each entry says which service answers which requests. A file that has `routes` replaces the
built-in ones below. For any method, no two routes may match the same paths.

)";

constexpr std::string_view kMemoryText = R"(
## Memory

`--check-config` prints the bound on memory that follows from these keys. Its terms:

| term | is | by default |
|---|---|---|
)";

std::string Heading(const KeyInfo& key) {
    return "\n### `" + std::string(key.path) + "`\n\n";
}

std::string TypeName(Type type) {
    switch (type) {
        case Type::kFlag:
            return "flag";
        case Type::kCount:
            return "count";
        case Type::kSize:
            return "size";
        case Type::kDuration:
            return "duration";
        case Type::kChoice:
            return "choice";
        case Type::kText:
            return "text";
        case Type::kList:
            return "list";
        case Type::kSources:
            return "map";
    }
    return "";
}

std::string Code(std::string_view text) {
    return "`" + std::string(text) + "`";
}

/// "count from `0` to `65535`, default `8080`".
std::string Facts(const KeyInfo& key, const Value& default_value) {
    std::string text = TypeName(key.type);
    const auto bound = [&](std::uint64_t number) {
        if (key.type == Type::kDuration) {
            return Code(Shown(key, std::chrono::nanoseconds(static_cast<std::int64_t>(number))));
        }
        return Code(Shown(key, number));
    };
    if (key.type == Type::kCount || key.type == Type::kSize || key.type == Type::kDuration) {
        text += " from " + bound(key.min) + " to " + bound(key.max);
    }
    for (std::size_t i = 0; i < key.choices.size(); ++i) {
        text += (i == 0 ? ": " : ", ") + Code(key.choices[i]);
    }
    if (key.type == Type::kList || key.type == Type::kSources) {
        text += " of at most " + std::to_string(key.max);
    }
    text += key.required ? "; required" : "; default " + Code(Shown(key, default_value));
    if (key.secret) text += "; secret";
    return text;
}

std::string Indented(const std::string& text) {
    return "\n```yaml\n" + text + "```\n";
}

std::string DefaultRoutesAsYaml() {
    std::string text = "routes:\n";
    const Route plain;
    for (const Route& route : DefaultRoutes()) {
        bool first = true;
        for (const auto& key : RouteKeys()) {
            if (!key.required && key.get(route) == key.get(plain)) continue;
            text += first ? "  - " : "    ";
            text += std::string(key.path) + ": " + Shown(key, key.get(route)) + "\n";
            first = false;
        }
    }
    return text;
}

std::string MemoryRows() {
    const MemoryTerms terms = MemoryBound(Config{});
    const MemoryCosts& costs = kMemoryCosts;
    const auto each = [](std::uint64_t bytes) { return FormatSize(bytes); };
    const std::array<std::tuple<std::string, std::string, std::uint64_t>, 9> rows{{
        {"budget", "`limits.pending_bytes`", terms.budget},
        {"table", "`limits.pending_requests` × " + each(costs.suspended_request), terms.table},
        {"replies", "`limits.reply_bytes` + `bus.max_peers` × `bus.max_reply`", terms.replies},
        {"connections", "`listen.max_connections` × " + each(costs.session), terms.connections},
        {"tls",
         "with `listen.tls.certificate`, `listen.max_connections` × (" + each(costs.tls_session) +
             " + 2 × " + each(costs.tls_record) + ", with `listen.tls.client_ca` + " +
             each(costs.tls_client_certificate) + "): all of them in the middle of a record",
         terms.tls},
        {"heads",
         "`listen.max_connections` × (`limits.request_line` + `limits.header_bytes`): all of them "
         "sending a head at once",
         terms.heads},
        {"peers",
         "(`bus.max_peers` + " + std::to_string(costs.spare_peers) + ") × (" + each(costs.peer) +
             " + (`bus.receive_hwm` + 1) × `bus.max_message`) + `bus.max_peers` × (`bus.send_hwm` "
             "+ 1) × (`bus.batch_bytes` + the largest request): all of them misbehaving at once",
         terms.peers},
        {"fixed",
         each(costs.program) + " + " + each(costs.thread) + " for each thread + `log.queue` × " +
             each(costs.log_line),
         terms.fixed},
        {"kernel",
         "`listen.max_connections` × (" + each(costs.kernel_socket) + " + " +
             std::to_string(costs.send_charge) + " × `listen.send_buffer` + " +
             std::to_string(costs.receive_charge) + " × `listen.receive_buffer`) + " +
             "(`bus.max_peers` + " + std::to_string(costs.spare_peers) + ") × (" +
             each(costs.kernel_socket + costs.segment) +
             " + 4 × `bus.socket_buffer`): sockets, outside the process but inside its memory "
             "cgroup, while no client and no worker reads and all go on sending",
         terms.kernel},
    }};
    std::string text;
    for (const auto& [name, formula, bytes] : rows) {
        text.append("| ").append(name).append(" | ").append(formula);
        text += " | " + std::to_string((bytes + kMiB / 2) / kMiB) + " MiB |\n";
    }
    return text;
}

}  // namespace

std::string Reference() {
    const Config defaults;
    std::string text(kIntroduction);
    std::string_view separator;
    for (const std::string& name : ForeignVariables()) {
        text += std::string(separator) + Code(name);
        separator = ", ";
    }
    text += ".\n\n## Keys\n";
    for (const auto& key : ConfigKeys()) {
        text += Heading(key) + Facts(key, key.get(defaults)) + "; environment " +
                Code(EnvironmentName(key.path)) + "\n\n" + std::string(key.doc) + "\n";
    }
    text += kRoutesText;
    text += "The built-in routes:\n" + Indented(DefaultRoutesAsYaml());
    for (const auto& key : RouteKeys()) {
        text += Heading(key) + Facts(key, key.get(Route{})) + "\n\n" + std::string(key.doc) + "\n";
    }
    return text + std::string(kMemoryText) + MemoryRows();
}

}  // namespace holdfast::gateway::config
