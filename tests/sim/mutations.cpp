#include "tests/sim/mutations.h"

#include <algorithm>
#include <array>

namespace holdfast::sim {

std::span<const Mutation> Mutations() {
    static constexpr auto kMutations = std::to_array<Mutation>({
        {"complete-before-erase", gateway::Rule::kEraseBeforeComplete, Promise::kErasedFirst},
        {"permit-lost", gateway::Rule::kPermitComesBack, Promise::kPermits},
        {"permit-released-at-disconnect", gateway::Rule::kPermitOutlivesItsSession,
         Promise::kPermits},
        {"reply-of-a-worker-that-does-not-own-the-slot", gateway::Rule::kReplyOfItsOwnerOnly,
         Promise::kOwnReply},
        {"generation-skipped", gateway::Rule::kGenerationIsChecked, Promise::kOwnReply},
        {"unsafe-redispatch", gateway::Rule::kOnlyIdempotentIsRedispatched, Promise::kNeverTwice},
        {"second-redispatch", gateway::Rule::kRedispatchedOnce, Promise::kRedispatchedOnce},
        {"deadline-raised", gateway::Rule::kDeadlineStays, Promise::kInTime},
        {"credit-lost-on-cancel", worker::Rule::kCancelGivesCreditBack, Promise::kCreditIsBack},
        {"slots-of-a-dead-worker-not-walked", gateway::Rule::kSlotsOfTheDeadAreWalked,
         Promise::kNobodyWaitsForTheDead},
        {"arrived-replies-not-drained-before-death", gateway::Rule::kArrivedRepliesCountBeforeDeath,
         Promise::kArrivedReplyCounts},
        {"expired-request-sent", gateway::Rule::kExpiredIsNotSent, Promise::kExpiredIsNotSent},
    });
    return kMutations;
}

const Mutation* FindMutation(std::string_view name) {
    const auto found = std::ranges::find(Mutations(), name, &Mutation::name);
    return found == Mutations().end() ? nullptr : &*found;
}

void Break(const Mutation& mutation) {
    BreakNothing();
    if (const auto* rule = std::get_if<gateway::Rule>(&mutation.rule)) {
        gateway::broken_rule = *rule;
    } else {
        worker::broken_rule = std::get<worker::Rule>(mutation.rule);
    }
}

void BreakNothing() {
    gateway::broken_rule.reset();
    worker::broken_rule.reset();
}

}  // namespace holdfast::sim
