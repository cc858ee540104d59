// Questions to the workers of a service: who is asked, who answers, and what else can happen.
#include <algorithm>

#include "tests/unit/gateway_core/dispatcher_fixture.h"

namespace holdfast::gateway {
namespace {

using State = Inquiry::State;

class DispatcherInquiry : public DispatcherTest {
  protected:
    void Ask(Inquiry::Kind kind, const std::string& service = "alpha") {
        dispatcher_->Inquire({.id = ++last_id_, .kind = kind, .service = service}, 1s, now_);
    }
    /// The last envelope that a flush sends to this worker.
    FakeTransmitter::Envelope EnvelopeTo(const FakeWorker& worker) {
        FakeTransmitter::Envelope last;
        for (const auto& envelope : Flush()) {
            if (envelope.peer == worker.peer) last = envelope;
        }
        return last;
    }
    void Describe(const FakeWorker& worker, std::uint64_t number) {
        DescriptionItem item;
        item.number = number;
        item.plugin = "plugin of " + worker.instance;
        dispatcher_->OnDescription(worker.peer, worker.session, item, now_);
    }
    void PongTo(const FakeWorker& worker, std::uint64_t sequence) {
        PongItem pong;
        pong.sequence = sequence;
        dispatcher_->OnPong(worker.peer, worker.session, pong, now_);
    }
    std::vector<Inquiry> TakeFinished() { return dispatcher_->TakeFinishedInquiries(now_); }
    Inquiry TakeOneInquiry() {
        auto finished = TakeFinished();
        EXPECT_EQ(finished.size(), 1U);
        return finished.empty() ? Inquiry{} : std::move(finished.front());
    }

  private:
    std::uint64_t last_id_ = 0;
};

TEST_F(DispatcherInquiry, APingMeasuresTheRoundTripToEveryWorkerOfTheService) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    const FakeWorker other = Connect("c", 100, {"beta"});
    Flush();
    Ask(Inquiry::Kind::kPing);
    const auto envelopes = Flush();
    EXPECT_TRUE(
        std::ranges::none_of(envelopes, [&](const auto& e) { return e.peer == other.peer; }));
    now_ += 3ms;
    PongTo(a, 2);
    EXPECT_TRUE(TakeFinished().empty());
    now_ += 4ms;
    PongTo(b, 2);
    const Inquiry inquiry = TakeOneInquiry();
    EXPECT_TRUE(inquiry.known);
    ASSERT_EQ(inquiry.answers.size(), 2U);
    EXPECT_EQ(inquiry.answers[0].instance, "a");
    EXPECT_EQ(inquiry.answers[0].state, State::kAnswered);
    EXPECT_EQ(inquiry.answers[0].round_trip, 3ms);
    EXPECT_EQ(inquiry.answers[1].round_trip, 7ms);
    EXPECT_TRUE(TakeFinished().empty());
}

TEST_F(DispatcherInquiry, ThePongOfAnEarlierPingDoesNotCount) {
    const FakeWorker a = Connect("a");
    Ask(Inquiry::Kind::kPing);
    Flush();
    PongTo(a, 1);
    EXPECT_TRUE(TakeFinished().empty());
    PongTo(a, 2);
    EXPECT_EQ(TakeOneInquiry().answers.at(0).state, State::kAnswered);
}

TEST_F(DispatcherInquiry, APongThatWasNeverAskedForDoesNotCount) {
    const FakeWorker a = Connect("a");
    Ask(Inquiry::Kind::kPing);
    PongTo(a, ~std::uint64_t{0});
    EXPECT_TRUE(TakeFinished().empty());
    Flush();
    PongTo(a, ~std::uint64_t{0});
    EXPECT_TRUE(TakeFinished().empty());
}

TEST_F(DispatcherInquiry, ADescriptionReachesWhoeverAskedForIt) {
    const FakeWorker a = Connect("a");
    Flush();
    Ask(Inquiry::Kind::kDescribe);
    const auto envelope = EnvelopeTo(a);
    EXPECT_EQ(envelope.describe, 1U);
    EXPECT_EQ(EnvelopeTo(a).describe, 0U) << "asked once";
    now_ += 2ms;
    Describe(a, 1);
    const Inquiry inquiry = TakeOneInquiry();
    EXPECT_EQ(inquiry.answers.at(0).description.plugin, "plugin of a");
    EXPECT_EQ(inquiry.answers.at(0).round_trip, 2ms);
    EXPECT_EQ(Count(Counter::kDescriptionsReceived), 1U);
}

TEST_F(DispatcherInquiry, TheAnswerToALaterQuestionAnswersAnEarlierOne) {
    const FakeWorker a = Connect("a");
    Ask(Inquiry::Kind::kDescribe);
    Ask(Inquiry::Kind::kDescribe);
    EXPECT_EQ(EnvelopeTo(a).describe, 2U);
    Describe(a, 2);
    EXPECT_EQ(TakeFinished().size(), 2U);
}

TEST_F(DispatcherInquiry, AWorkerThatDoesNotKnowTheQuestionIsNoAnswerAtTheEndOfThePatience) {
    const FakeWorker a = Connect("a");
    const FakeWorker b = Connect("b");
    Ask(Inquiry::Kind::kDescribe);
    Flush();
    Describe(b, 1);
    EXPECT_LE(dispatcher_->NextTick(now_), now_ + 1s);
    now_ += 999ms;
    EXPECT_TRUE(TakeFinished().empty());
    now_ += 1ms;
    const Inquiry inquiry = TakeOneInquiry();
    EXPECT_EQ(inquiry.answers.at(0).state, State::kNoAnswer);
    EXPECT_EQ(inquiry.answers.at(1).state, State::kAnswered);
}

TEST_F(DispatcherInquiry, LateDoubledAndUnaskedDescriptionsAreCountedAndDropped) {
    const FakeWorker a = Connect("a");
    Describe(a, 1);
    EXPECT_EQ(Count(Counter::kDescriptionsLate), 1U) << "nobody had asked";
    Ask(Inquiry::Kind::kDescribe);
    Describe(a, 1);
    EXPECT_EQ(Count(Counter::kDescriptionsLate), 2U) << "before it was asked";
    Flush();
    Describe(a, 1);
    Describe(a, 1);
    EXPECT_EQ(Count(Counter::kDescriptionsLate), 3U) << "doubled";
    TakeOneInquiry();
    Ask(Inquiry::Kind::kDescribe);
    Flush();
    now_ += 1s;
    TakeOneInquiry();
    Describe(a, 2);
    EXPECT_EQ(Count(Counter::kDescriptionsLate), 4U) << "late";
    EXPECT_EQ(Count(Counter::kDescriptionsReceived), 1U);
}

TEST_F(DispatcherInquiry, AWorkerThatIsLostMeanwhileIsSaidToBe) {
    const FakeWorker a = Connect("a");
    Ask(Inquiry::Kind::kPing);
    Flush();
    Lose(a);
    EXPECT_EQ(TakeOneInquiry().answers.at(0).state, State::kLost);
}

TEST_F(DispatcherInquiry, AWorkerWhosePipeIsFullIsNoAnswer) {
    const FakeWorker a = Connect("a");
    Flush();
    transmitter_.results[a.peer] = TransmitResult::kFull;
    Ask(Inquiry::Kind::kPing);
    Flush();
    PongTo(a, 2);
    now_ += 1s;
    EXPECT_EQ(TakeOneInquiry().answers.at(0).state, State::kNoAnswer);
}

TEST_F(DispatcherInquiry, AServiceWithoutWorkersIsAnsweredAtOnceAndAnUnknownOneIsSaidToBe) {
    Ask(Inquiry::Kind::kPing);
    const Inquiry known = TakeOneInquiry();
    EXPECT_TRUE(known.known);
    EXPECT_TRUE(known.answers.empty());
    Ask(Inquiry::Kind::kPing, "gamma");
    EXPECT_FALSE(TakeOneInquiry().known);
    const FakeWorker c = Connect("c", 1, {"gamma"});
    Ask(Inquiry::Kind::kPing, "gamma");
    Flush();
    PongTo(c, 2);
    EXPECT_TRUE(TakeOneInquiry().known) << "a worker names it, though no route does";
}

}  // namespace
}  // namespace holdfast::gateway
