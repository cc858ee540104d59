#pragma once

#include <cstdint>
#include <string>

#include "load/truth/ledger_reader.h"
#include "load/truth/reconcile.h"

namespace holdfast::load {

/// Both sides in one temporary file, to be compared there. Add everything, then Compare once.
/// Every call throws DatabaseError.
class Scratch {
  public:
    Scratch();

    void Add(std::uint64_t line, const LedgerRequest& request);
    void Add(const StoredOrder& order);
    void Add(const StoredKey& key);

    /// Fills in differences, counts of orders and of what is unknown.
    void Compare(Reconciliation& into);

  private:
    void CompareAnswers(Reconciliation& into);
    void CompareMarks(Reconciliation& into);
    void CompareKeys(Reconciliation& into);
    void CompareSums(Reconciliation& into);
    void LookForUnknown(Reconciliation& into);

    SqliteConnection connection_;
    SqliteQuery add_request_;
    SqliteQuery add_order_;
    SqliteQuery add_key_;
};

/// Counts one, and keeps the first few of its kind in words.
void AddDifference(Reconciliation& into, DifferenceKind kind, std::string text);

}  // namespace holdfast::load
