#include "tests/support/load/fake_journey.h"

#include <utility>

namespace holdfast::load {

class JourneyContext {
  public:
    const Flow& flow;
    std::string host;
    std::uint64_t begun = 0;
};

std::shared_ptr<JourneyContext> MakeJourneyContext(const Flow& flow, const RunIdentity&,
                                                   std::string host, std::string, bool) {
    return std::make_shared<JourneyContext>(JourneyContext{flow, std::move(host)});
}

class Journey::Way {
  public:
    std::shared_ptr<JourneyContext> context;
    std::uint64_t number = 0;
    std::size_t at = 0;
    bool stopped = false;
    bool exhausted = false;
    OutgoingRequest last;
};

Journey::Journey(std::shared_ptr<JourneyContext> context) : way_(std::make_unique<Way>()) {
    way_->context = std::move(context);
}
Journey::~Journey() = default;
Journey::Journey(Journey&&) noexcept = default;
Journey& Journey::operator=(Journey&&) noexcept = default;

void Journey::Begin(std::uint64_t number) {
    const Plan& plan = *way_->context->flow.plan;
    way_->number = number;
    way_->at = 0;
    way_->stopped = false;
    way_->exhausted = plan.journeys > 0 && way_->context->begun++ >= plan.journeys;
}

Journey::Next Journey::Advance(OutgoingRequest& out, Duration& pause) {
    const Plan& plan = *way_->context->flow.plan;
    if (way_->exhausted) return Next::kExhausted;
    if (way_->stopped || way_->at == plan.steps.size()) return Next::kEnd;
    const Plan::Step& step = plan.steps[way_->at];
    out = step.request;
    out.step = static_cast<std::uint32_t>(way_->at++);
    if (!out.mark.empty()) {
        out.mark = "load-test-" + std::to_string(way_->number);
        const std::size_t place = out.bytes.find("%MARK%");
        if (place != std::string::npos) out.bytes.replace(place, 6, out.mark);
    }
    out.body = std::string_view(out.bytes).substr(out.bytes.find("\r\n\r\n") + 4);
    pause = step.pause;
    way_->last = out;
    return Next::kRequest;
}

Judgement Journey::Judge(const IncomingResponse& response) {
    const Plan& plan = *way_->context->flow.plan;
    Judgement judgement;
    if (plan.judge) {
        judgement = plan.judge(response, way_->last);
    } else if (response.status != 200) {
        judgement = {ErrorKind::kStatus, "not 200"};
    } else if (!way_->last.mark.empty() &&
               response.body.find(way_->last.mark) == std::string_view::npos) {
        judgement = {ErrorKind::kCrossed, "another's mark"};
    }
    if (judgement.error != ErrorKind::kNone) Fail(judgement.error);
    return judgement;
}

void Journey::Fail(ErrorKind) {
    if (!way_->context->flow.plan->steps[way_->at - 1].goes_on) way_->stopped = true;
}

Flow FakeFlow(std::vector<Plan::Step> steps) {
    Flow flow;
    flow.name = "fake";
    for (const Plan::Step& step : steps) {
        const std::string& bytes = step.request.bytes;
        const std::string line = bytes.substr(0, bytes.find(" HTTP/"));
        flow.steps.push_back({line, line.substr(0, line.find(' '))});
    }
    auto plan = std::make_shared<Plan>();
    plan->steps = std::move(steps);
    flow.plan = plan;
    return flow;
}

Plan::Step FakeStep(std::string_view method, std::string_view path, std::string_view headers,
                    std::string_view body) {
    Plan::Step step;
    std::string& bytes = step.request.bytes;
    bytes = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n";
    bytes += headers;
    if (!body.empty()) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    bytes += "\r\n";
    bytes += body;
    step.request.head = method == "HEAD";
    step.request.timeout = std::chrono::seconds(30);
    return step;
}

}  // namespace holdfast::load
