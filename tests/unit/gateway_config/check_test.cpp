#include "gateway/config/memory_bound.h"
#include "tests/unit/gateway_config/config_text.h"

namespace holdfast::gateway::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A route on a line of its own: line 2 when nothing is above it.
std::string RouteText(std::string_view keys) {
    return "routes:\n- {methods: [POST], service: a, " + std::string(keys) + "}\n";
}

TEST(Defaults, WorkTogether) {
    EXPECT_THAT(Check(LoadedConfig{}), IsEmpty());
}

TEST(Combinations, PartsMustFitInTheirWhole) {
    EXPECT_THAT(ProblemsOf("limits:\n  upload_bytes: 65MiB\n"),
                ElementsAre("g.yaml:2:17: 'limits.upload_bytes' is 65MiB and must not exceed "
                            "'limits.pending_bytes', which is 64MiB: it is a share of it"));
    EXPECT_THAT(ProblemsOf("bus: {max_reply: 1000KiB, reply_window: 999KiB}"),
                ElementsAre(HasSubstr("'bus.reply_window', which is 999KiB")));
    EXPECT_THAT(ProblemsOf("bus: {reply_window: 65MiB}"),
                ElementsAre(HasSubstr("'limits.reply_bytes', which is 64MiB")));
    EXPECT_THAT(
        ProblemsOf("limits: {pending_bytes: 64KiB, upload_bytes: 64KiB, header_bytes: 60KiB}"),
        ElementsAre(HasSubstr("the largest head is 68KiB")));
}

TEST(Combinations, ARoutesShareIsASharesSizeAndHoldsItsLargestRequest) {
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, pending_requests: 10001")),
                ElementsAre("g.yaml:2:61: 'routes[0].pending_requests' is 10001 and must not "
                            "exceed 'limits.pending_requests', which is 10000: it is a share of "
                            "it"));
    const std::string bounds = "limits: {pending_bytes: 1MiB, upload_bytes: 1MiB}\n";
    EXPECT_THAT(ProblemsOf(bounds + RouteText("path: /a, body_limit: 1MiB")),
                ElementsAre(HasSubstr("'limits.pending_bytes' is 1MiB, and the largest request of "
                                      "this route has 1048KiB")));
    EXPECT_THAT(ProblemsOf(bounds + RouteText("path: /a, body_limit: 1000KiB")), IsEmpty());
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, pending_bytes: 65MiB")),
                ElementsAre(HasSubstr("'limits.pending_bytes', which is 64MiB")));
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, body_limit: 64KiB, pending_bytes: 87KiB")),
                ElementsAre(AllOf(HasSubstr("g.yaml:2:"),
                                  HasSubstr("the largest request of this route has 88KiB"))));
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, body_limit: 64KiB, pending_bytes: 88KiB")),
                IsEmpty());
}

TEST(Combinations, AnIntervalIsNotShorterThanItsTarget) {
    EXPECT_THAT(ProblemsOf("overload:\n  queue_target: 101ms\n"),
                ElementsAre(AllOf(HasSubstr("g.yaml:2:17: 'overload.queue_interval' is 100ms"),
                                  HasSubstr("which is 101ms"))));
    EXPECT_THAT(ProblemsOf("overload: {concurrency: gradient}"),
                ElementsAre(HasSubstr("overload.concurrency")));
    EXPECT_THAT(ProblemsOf("overload: {queue_target: 0s, queue_interval: 1ms}"), IsEmpty());
}

TEST(Combinations, AMessageMustHoldTheLargestRequestReplyAndBatch) {
    EXPECT_THAT(ProblemsOf("bus: {max_reply: 1MiB}"),
                ElementsAre(HasSubstr("the largest reply needs an envelope of 1044KiB")));
    EXPECT_THAT(ProblemsOf("bus: {max_message: 64KiB, max_reply: 32KiB, batch_bytes: 65KiB}\n"
                           "routes: []"),
                ElementsAre(HasSubstr("'bus.batch_bytes' is 65KiB")));
    // It bounds what comes from workers, not what goes to them.
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, body_limit: 16MiB")), IsEmpty());
}

TEST(Combinations, AWorkerMustTakeTheLargestRequestWithWhatIsAdded) {
    // Just what fits: 65 MiB less 64 MiB, 8 KiB, 4 KiB, and of what is added 2 x 1 KiB and the
    // names' 3 bytes.
    const auto problems = [](std::string_view header_bytes) {
        return ProblemsOf(
            RouteText("path: /a, body_limit: 64MiB, add: {at: received_at, h: header.x}") +
            "limits: {pending_bytes: 128MiB, upload_bytes: 64MiB, header_bytes: " +
            std::string(header_bytes) + "}");
    };
    EXPECT_THAT(problems("1034237"), IsEmpty());
    EXPECT_THAT(problems("1034238"),
                ElementsAre(AllOf(HasSubstr("g.yaml:2:55: 'routes[0].body_limit' allows"),
                                  HasSubstr("'limits.header_bytes' + 1KiB and the name for each "
                                            "field of 'add' + 4KiB), and workers take 65MiB"))));
}

TEST(Combinations, ABodyMustFitInTheUploads) {
    EXPECT_THAT(
        ProblemsOf(RouteText("path: /a, body_limit: 600KiB") + "limits: {upload_bytes: 512KiB}"),
        ElementsAre(HasSubstr("'routes[0].body_limit' is 600KiB and must not exceed "
                              "'limits.upload_bytes', which is 512KiB")));
}

TEST(Combinations, AWorkerMustHaveTimeForTwoPings) {
    EXPECT_THAT(
        ProblemsOf("bus:\n  ping_interval: 351ms\n"),
        ElementsAre(HasSubstr("g.yaml:2:18: 'bus.peer_timeout' is 700ms and must be at least "
                              "twice 'bus.ping_interval', which is 351ms")));
    EXPECT_THAT(ProblemsOf("bus: {ping_interval: 350ms}"), IsEmpty());
}

TEST(Combinations, ThePlainLegStaysOnLoopbackUnlessAllowed) {
    EXPECT_THAT(ProblemsOf("bus: {address: 0.0.0.0}"),
                ElementsAre(HasSubstr("set 'bus.allow_plain_remote: true'")));
    EXPECT_THAT(ProblemsOf("bus: {address: 0.0.0.0, allow_plain_remote: true}"), IsEmpty());
    EXPECT_THAT(ProblemsOf("bus: {address: 127.0.0.2}"), IsEmpty());
    EXPECT_THAT(ProblemsOf("bus: {address: 0.0.0.0, curve_secret_key: a, curve_workers: b}"),
                IsEmpty());
}

TEST(Combinations, AnEncryptedLegNeedsItsSecretAndTheWorkersCertificates) {
    EXPECT_THAT(ProblemsOf("bus: {curve_secret_key: a}"), ElementsAre(HasSubstr("go together")));
    EXPECT_THAT(ProblemsOf("bus: {curve_workers: b}"), ElementsAre(HasSubstr("go together")));
}

TEST(Combinations, TlsNeedsItsCertificateAndItsKey) {
    EXPECT_THAT(ProblemsOf("listen:\n  tls:\n    certificate: a\n"),
                ElementsAre(AllOf(HasSubstr("g.yaml:3:18: "), HasSubstr("go together"))));
    EXPECT_THAT(ProblemsOf("listen: {tls: {key: a}}"), ElementsAre(HasSubstr("go together")));
    EXPECT_THAT(ProblemsOf("listen: {tls: {client_ca: a}}"),
                ElementsAre(HasSubstr("which only TLS can")));
    EXPECT_THAT(ProblemsOf("listen: {tls: {certificate: a, key: b, client_ca: c}}"), IsEmpty());
}

TEST(Combinations, TheOpsPortStaysOnLoopbackUnlessAllowed) {
    EXPECT_THAT(ProblemsOf("ops: {address: 0.0.0.0}"),
                ElementsAre(HasSubstr("set 'ops.allow_remote: true'")));
    EXPECT_THAT(ProblemsOf("ops: {address: '::'}"), ElementsAre(HasSubstr("not loopback")));
    EXPECT_THAT(ProblemsOf("ops: {address: 192.168.1.1}", {{"HOLDFAST_OPS_ALLOW_REMOTE", "true"}}),
                IsEmpty());
    EXPECT_THAT(ProblemsOf("ops: {address: '::1'}"), IsEmpty());
}

TEST(Combinations, TwoListenersCannotShareAPort) {
    EXPECT_THAT(ProblemsOf("ops: {port: 8080}"),
                ElementsAre(HasSubstr("'ops' and 'listen' would both take port 8080")));
    EXPECT_THAT(ProblemsOf("listen: {address: 0.0.0.0, port: 5570}"),
                ElementsAre(HasSubstr("'bus' and 'listen' would both take port 5570")));
    EXPECT_THAT(ProblemsOf("ops: {address: 127.0.0.2, port: 8080}"), IsEmpty());
    EXPECT_THAT(ProblemsOf("listen: {port: 0}\nops: {port: 0}\nbus: {port: 0}"), IsEmpty());
}

TEST(Combinations, TwoRoutesCannotMatchTheSameRequests) {
    const std::string two =
        "routes:\n"
        "- {path: '/a/{id}', methods: [GET, PUT], service: a}\n"
        "- {path: '/a/{name}', methods: [POST, PUT], service: a}\n";
    EXPECT_THAT(
        ProblemsOf(two),
        ElementsAre("g.yaml:3:10: PUT /a/{name} matches the same requests as routes[0], PUT "
                    "/a/{id}: remove one of them"));
    EXPECT_THAT(ProblemsOf("routes:\n"
                           "- {path: '/a/{id}', methods: [GET], service: a}\n"
                           "- {path: '/a/{id}', methods: [POST], service: a}\n"
                           "- {path: '/a/b', methods: [GET], service: a}\n"
                           "- {path: '/a/{x...}', methods: [GET], service: a}\n"),
                IsEmpty());
}

TEST(Combinations, WaitingForAWorkerEndsBeforeTheDeadline) {
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, timeout: 1s, wait_for_worker: 2s")),
                ElementsAre(HasSubstr("must not exceed the route's 'timeout', which is 1s")));
}

TEST(Combinations, AddedFieldsMustHaveWhereToComeFrom) {
    EXPECT_THAT(
        ProblemsOf(RouteText("path: '/a/{id}', add: {x: path.ID}")),
        ElementsAre(HasSubstr("'routes[0].add.x' takes 'path.ID', but the path '/a/{id}' has "
                              "no such parameter; write it there as {ID}")));
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, content_types: [text/plain], add: {x: body.x}")),
                ElementsAre(HasSubstr("'content_types' allows no JSON")));
    EXPECT_THAT(ProblemsOf(RouteText("path: /a, content_types: [application/merge-patch+json], "
                                     "add: {x: body.x}")),
                IsEmpty());
}

TEST(Combinations, ARequiredServiceMustHaveARoute) {
    EXPECT_THAT(ProblemsOf("ready:\n  required_services: [ordres]\n"),
                ElementsAre("g.yaml:2:22: 'ready.required_services' has 'ordres', which no route "
                            "uses; did you mean 'orders'?"));
}

TEST(Descriptors, AreCheckedAgainstTheLimitOfTheProcess) {
    Config config;
    config.listen.max_connections = 19'000;
    config.bus.max_peers = 4;
    const std::uint64_t needed = DescriptorsNeeded(config);
    EXPECT_EQ(needed, 19'000U + 64 + 4 + 8 + 64);
    EXPECT_FALSE(CheckDescriptors(config, needed));
    const auto problem = CheckDescriptors(config, needed - 1);
    ASSERT_TRUE(problem);
    EXPECT_THAT(problem->message, AllOf(HasSubstr(std::to_string(needed) + " open files"),
                                        HasSubstr("19000 + 64 being refused + 'bus.max_peers' 4 + "
                                                  "8 spare + 64 of its own"),
                                        HasSubstr("may open " + std::to_string(needed - 1)),
                                        HasSubstr("'listen.max_connections' to 18999 or less")));
}

TEST(Descriptors, OfAlmostTwentyThousandConnectionsFitInTwentyThousand) {
    Config config;
    config.listen.max_connections = 19'500;
    config.bus.max_peers = 4;
    EXPECT_FALSE(CheckDescriptors(config, 20'000));
}

TEST(Descriptors, OfATinyLimitSuggestNoImpossibleNumber) {
    const auto problem = CheckDescriptors(Config{}, 20);
    ASSERT_TRUE(problem);
    EXPECT_THAT(problem->message, testing::Not(HasSubstr("or less")));
}

/// What the built-in orders route, whose requests are the largest, adds to each.
std::uint64_t Added(const Config& config) {
    std::uint64_t added = 0;
    for (const AddedField& field : config.routes.front().add) added += kKiB + field.field.size();
    return added;
}

TEST(Memory, TermsFollowTheirKeys) {
    Config config;
    const MemoryTerms before = MemoryBound(config);
    EXPECT_EQ(before.budget, config.limits.pending_bytes);
    EXPECT_EQ(before.replies,
              config.limits.reply_bytes + config.bus.max_peers * config.bus.max_reply);
    EXPECT_EQ(before.table, 10'000 * kMemoryCosts.suspended_request);
    EXPECT_EQ(before.heads, 10'000 * (config.limits.request_line + config.limits.header_bytes));

    config.bus.max_peers *= 2;
    config.listen.max_connections *= 3;
    const MemoryTerms after = MemoryBound(config);
    const std::uint64_t spare = kMemoryCosts.spare_peers;
    const std::uint64_t received = 28 * kKiB + 5 * kMiB;
    const std::uint64_t sent = 9 * (64 + 64 + 8 + 16 + 4) * kKiB + 9 * Added(config);
    EXPECT_EQ(before.peers, (32 + spare) * received + 32 * sent);
    EXPECT_EQ(after.peers, (64 + spare) * received + 64 * sent);
    EXPECT_EQ(after.connections, 3 * before.connections);
    EXPECT_EQ(after.Resident() - before.Resident(),
              after.peers - before.peers + after.connections - before.connections + after.heads -
                  before.heads + after.replies - before.replies);
    const std::uint64_t client = (12 + 3 * 64 + 2 * 64) * kKiB;
    const std::uint64_t worker = (12 + 64 + 4 * 128) * kKiB;
    EXPECT_EQ(before.kernel, 10'000 * client + (32 + spare) * worker);
    EXPECT_EQ(after.kernel, 30'000 * client + (64 + spare) * worker);
    EXPECT_EQ(after.Total() - after.Resident(), after.kernel);
}

TEST(Memory, TlsHasATermOfItsOwn) {
    Config config;
    const MemoryTerms plain = MemoryBound(config);
    EXPECT_EQ(plain.tls, 0U);
    config.listen.tls.certificate = "a";
    const MemoryTerms tls = MemoryBound(config);
    EXPECT_EQ(tls.tls, 10'000 * (kMemoryCosts.tls_session + 2 * kMemoryCosts.tls_record));
    EXPECT_EQ(tls.Resident() - plain.Resident(), tls.tls);
    config.listen.tls.client_ca = "b";
    EXPECT_EQ(MemoryBound(config).tls - tls.tls, 10'000 * kMemoryCosts.tls_client_certificate);
}

TEST(Memory, DoesNotOverflowAtTheLargestValues) {
    const Config config = Good(
        "listen: {max_connections: 1000000, threads: 64}\n"
        "bus: {max_peers: 10000, receive_hwm: 1000, send_hwm: 1000, max_message: 64MiB}\n"
        "limits: {pending_bytes: 64GiB, reply_bytes: 64GiB, header_bytes: 1MiB, "
        "pending_requests: 16777214}\n");
    const MemoryTerms terms = MemoryBound(config);
    EXPECT_GT(terms.peers, 10'000ULL * 1000 * 64 * kMiB);
    EXPECT_LT(terms.Total(), 1ULL << 62);
}

TEST(Memory, IsDescribedWithEveryTerm) {
    const std::string text = DescribeMemory(MemoryBound(Config{}));
    for (const char* part : {"bounded by about ", "budget: 64 MiB", "table:", "replies: 80 MiB",
                             "connections:", "tls:", "heads:", "peers:", "fixed:", "kernel:"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

}  // namespace
}  // namespace holdfast::gateway::config
