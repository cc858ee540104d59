#include "load/truth/scratch.h"

#include <algorithm>
#include <utility>

namespace holdfast::load {
namespace {

/// `told`: one row for each request that an order could come of, or that was told of one. Those
/// with one mark and one key are one attempt, whatever the number of requests.
constexpr const char* kTables = R"sql(
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;  -- KiB
PRAGMA temp_store = FILE;
CREATE TABLE told (
    line     INTEGER PRIMARY KEY,
    mark     TEXT NOT NULL,
    key      TEXT NOT NULL,
    creates  INTEGER NOT NULL,
    verdict  INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    content  TEXT NOT NULL,
    text     TEXT NOT NULL
);
CREATE TABLE orders (
    id       TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    content  TEXT NOT NULL,
    sums     INTEGER NOT NULL  -- whether they add up
) WITHOUT ROWID;
CREATE TABLE keys (customer TEXT, key TEXT, order_id TEXT, PRIMARY KEY (customer, key))
    WITHOUT ROWID;
CREATE VIEW attempts AS
    SELECT mark, CASE key WHEN '' THEN line ELSE key END AS attempt, min(line) AS line, text,
           max(verdict = 0) AS created, max(verdict = 4) AS unknown
    FROM told WHERE creates GROUP BY 1, 2;
CREATE VIEW marks AS
    SELECT mark, min(line) AS line, text, sum(created OR unknown) AS possible,
           sum(unknown AND NOT created) AS unknown, sum(created) AS created
    FROM attempts GROUP BY mark;
BEGIN;
)sql";
static_assert(static_cast<int>(Verdict::kCreated) == 0 && static_cast<int>(Verdict::kUnknown) == 4,
              "the views name them by number");

constexpr const char* kIndexes = R"sql(
COMMIT;
CREATE INDEX told_by_mark ON told (mark, key);
CREATE INDEX orders_by_customer ON orders (customer);
)sql";

std::string AtLine(const SqliteQuery& query, int column) {
    return "ledger line " + std::to_string(query.Integer(column));
}

bool SumsAddUp(const StoredOrder& order) {
    std::int64_t net = 0;
    std::int64_t tax = 0;
    std::int64_t total = 0;
    bool overflow = false;
    for (const OrderedLine& line : order.lines) {
        overflow |= __builtin_add_overflow(net, line.line_total, &net);
        overflow |= __builtin_add_overflow(tax, line.tax, &tax);
    }
    overflow |= __builtin_add_overflow(net, tax, &total);
    return !overflow && net == order.net && tax == order.tax && total == order.total;
}

/// The database brings its tables before the statements on them can be prepared.
SqliteConnection& WithTables(SqliteConnection& connection) {
    connection.Execute(kTables);
    return connection;
}

}  // namespace

void AddDifference(Reconciliation& into, DifferenceKind kind, std::string text) {
    const auto count = ++into.counts[static_cast<std::size_t>(kind)];
    if (count > Reconciliation::kExamples) return;
    into.differences.push_back({.kind = kind, .text = std::move(text)});
}

Scratch::Scratch()
    : connection_(SqliteConnection::Mode::kScratch, {}),
      add_request_(WithTables(connection_), "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      add_order_(connection_, "INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?)"),
      add_key_(connection_, "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)") {}

void Scratch::Add(std::uint64_t line, const LedgerRequest& request) {
    if (request.verdict == Verdict::kNothing) return;
    add_request_
        .With(static_cast<std::int64_t>(line), request.mark, request.key,
              static_cast<std::int64_t>(request.creates),
              static_cast<std::int64_t>(request.verdict), request.order_id, request.content,
              request.told)
        .Run();
}

void Scratch::Add(const StoredOrder& order) {
    add_order_
        .With(order.id, order.customer, ContentOf(order),
              static_cast<std::int64_t>(SumsAddUp(order)))
        .Run();
}

void Scratch::Add(const StoredKey& key) {
    add_key_.With(key.customer, key.key, key.order_id).Run();
}

void Scratch::Compare(Reconciliation& into) {
    connection_.Execute(kIndexes);
    SqliteQuery orders(connection_, "SELECT count(*) FROM orders");
    orders.Step();
    into.orders = static_cast<std::uint64_t>(orders.Integer(0));
    CompareAnswers(into);
    CompareMarks(into);
    CompareKeys(into);
    CompareSums(into);
    LookForUnknown(into);
}

void Scratch::CompareAnswers(Reconciliation& into) {
    SqliteQuery answers(connection_,
                        "SELECT t.line, t.mark, t.order_id, t.content, o.id, o.customer, o.content "
                        "FROM told t LEFT JOIN orders o ON o.id = t.order_id "
                        "WHERE t.order_id <> '' AND (o.id IS NULL OR o.content <> t.content "
                        "OR (t.mark <> '' AND o.customer <> t.mark)) ORDER BY t.line");
    while (answers.Step()) {
        const std::string what =
            AtLine(answers, 0) + ": " + answers.Text(1) + " was told of order " + answers.Text(2);
        if (answers.Text(4).empty()) {
            AddDifference(into, DifferenceKind::kMissing, what + ", which does not exist");
        } else if (answers.Text(5) != answers.Text(1) && !answers.Text(1).empty()) {
            AddDifference(into, DifferenceKind::kDiffers,
                          what + ", which is stored for " + answers.Text(5));
        } else {
            AddDifference(into, DifferenceKind::kDiffers,
                          what + " with " + answers.Text(3) + " but stored is " + answers.Text(6));
        }
    }
}

void Scratch::CompareMarks(Reconciliation& into) {
    SqliteQuery marks(connection_,
                      "SELECT o.customer, o.n, o.id, m.mark IS NULL, m.possible, m.line, m.text "
                      "FROM (SELECT customer, count(*) AS n, min(id) AS id FROM orders "
                      "      GROUP BY customer) o "
                      "LEFT JOIN marks m ON m.mark = o.customer "
                      "WHERE m.mark IS NULL OR o.n > m.possible ORDER BY o.id");
    while (marks.Step()) {
        const std::string order = "order " + marks.Text(2) + " of " + marks.Text(0);
        const std::int64_t possible = marks.Integer(4);
        if (!into.incomplete.empty()) {
            ++into.unexplained;
        } else if (marks.Integer(3) != 0) {
            AddDifference(into, DifferenceKind::kGhost,
                          order + ": no request of the ledger could have made it");
        } else if (possible == 0) {
            AddDifference(into, DifferenceKind::kNotProcessed,
                          AtLine(marks, 5) + ": told " + marks.Text(6) + ", but there is " + order);
        } else {
            AddDifference(into, DifferenceKind::kDoubled,
                          std::to_string(marks.Integer(1)) + " orders of " + marks.Text(0) +
                              ", whose requests could make " + std::to_string(possible) + " (" +
                              AtLine(marks, 5) + ", first " + order + ")");
        }
    }
}

void Scratch::CompareKeys(Reconciliation& into) {
    SqliteQuery told(connection_,
                     "SELECT min(line), mark, key, min(order_id), max(order_id) FROM told "
                     "WHERE creates AND key <> '' AND order_id <> '' GROUP BY mark, key "
                     "HAVING min(order_id) <> max(order_id)");
    while (told.Step()) {
        AddDifference(into, DifferenceKind::kKeySplit,
                      AtLine(told, 0) + ": the key " + told.Text(2) + " of " + told.Text(1) +
                          " was answered with orders " + told.Text(3) + " and " + told.Text(4));
    }
    SqliteQuery kept(connection_,
                     "SELECT min(t.line), t.mark, t.key, t.order_id, k.order_id FROM told t "
                     "JOIN keys k ON k.customer = t.mark AND k.key = t.key "
                     "WHERE t.creates AND t.order_id <> '' AND t.order_id <> k.order_id "
                     "GROUP BY t.mark, t.key, t.order_id");
    while (kept.Step()) {
        AddDifference(into, DifferenceKind::kKeySplit,
                      AtLine(kept, 0) + ": the key " + kept.Text(2) + " of " + kept.Text(1) +
                          " was answered with order " + kept.Text(3) + ", the database has " +
                          kept.Text(4) + " for it");
    }
}

void Scratch::CompareSums(Reconciliation& into) {
    SqliteQuery orders(connection_, "SELECT id, customer, content FROM orders WHERE NOT sums");
    while (orders.Step()) {
        AddDifference(into, DifferenceKind::kSums,
                      "order " + orders.Text(0) + " of " + orders.Text(1) +
                          " does not add up: " + orders.Text(2));
    }
}

void Scratch::LookForUnknown(Reconciliation& into) {
    // Orders that nobody was told of are what the unknown ones of the same mark have become.
    SqliteQuery marks(connection_,
                      "SELECT m.mark, m.line, m.text, m.unknown, "
                      "max(0, (SELECT count(*) FROM orders o WHERE o.customer = m.mark) - "
                      "(SELECT count(DISTINCT order_id) FROM told t WHERE t.mark = m.mark AND "
                      " t.order_id <> '' AND t.creates)) "
                      "FROM marks m WHERE m.unknown > 0 ORDER BY m.line");
    while (marks.Step()) {
        const auto unknown = static_cast<std::uint64_t>(marks.Integer(3));
        const auto found = std::min(unknown, static_cast<std::uint64_t>(marks.Integer(4)));
        into.unknown_found += found;
        into.unknown_absent += unknown - found;
        if (into.unknown_examples.size() < Reconciliation::kExamples) {
            into.unknown_examples.push_back(AtLine(marks, 1) + ": " + marks.Text(0) + " was told " +
                                            marks.Text(2) + ": " +
                                            (found > 0 ? "created" : "not created"));
        }
    }
}

}  // namespace holdfast::load
