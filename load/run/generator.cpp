#include "load/run/generator.h"

#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "load/run/exit_code.h"
#include "load/run/frame.h"
#include "load/run/round.h"
#include "load/truth/file_ledger.h"

namespace holdfast::load {
namespace {

/// Hears the parent on a thread of its own while the engine works.
class Orders {
  public:
    explicit Orders(int channel) : channel_(channel), thread_([this] { Listen(); }) {}
    ~Orders() {
        shutdown(channel_, SHUT_RD);  // ends the thread's read
        thread_.join();
    }
    Orders(const Orders&) = delete;
    Orders& operator=(const Orders&) = delete;

    /// The next round; nothing when the parent wants no more.
    std::optional<Round> Next() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return ended_ || !rounds_.empty(); });
        if (rounds_.empty()) return std::nullopt;
        Round round = std::move(rounds_.front());
        rounds_.pop_front();
        stop_ = false;
        return round;
    }

    /// The engine that a stop ends, null for none; one that came before ends it at once.
    void Attend(Engine* engine) {
        const std::lock_guard lock(mutex_);
        engine_ = engine;
        if (engine_ != nullptr && (stop_ || ended_)) engine_->Stop();
    }

  private:
    void Listen() {
        FrameReader reader;
        while (reader.ReadFrom(channel_)) {
            while (const auto frame = reader.Next()) Take(*frame);
        }
        const std::lock_guard lock(mutex_);
        ended_ = true;
        if (engine_ != nullptr) engine_->Stop();
        arrived_.notify_all();
    }

    void Take(const Frame& frame) {
        const std::lock_guard lock(mutex_);
        if (frame.type == Frame::Type::kStop) {
            stop_ = true;
            if (engine_ != nullptr) engine_->Stop();
        } else if (frame.type == Frame::Type::kRound) {
            if (auto round = Round::Parse(frame.payload)) rounds_.push_back(std::move(*round));
            arrived_.notify_all();
        }
    }

    const int channel_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Round> rounds_;  // this and all below: guarded by mutex_
    Engine* engine_ = nullptr;
    bool stop_ = false;
    bool ended_ = false;
    std::thread thread_;
};

EngineOptions OptionsFor(const GeneratorSettings& settings, std::uint32_t process,
                         const Round& round) {
    EngineOptions options;
    options.target = settings.target;
    options.load = settings.load;
    options.load.stages = round.stages;
    if (options.load.mode == LoadMode::kFindLimit) options.load.mode = LoadMode::kOpen;
    options.load = ShareOf(options.load, process, settings.processes);
    options.identity = {.run = RunOfRound(settings.run, round.number),
                        .seed = settings.seed + round.number,
                        .process = process,
                        .processes = settings.processes};
    options.start = round.start;
    options.drain = settings.drain;
    options.checks = settings.checks;
    return options;
}

RoundEnd RunRound(const GeneratorSettings& settings, std::uint32_t process, int channel,
                  const Round& round, Orders& orders) {
    EngineOptions options = OptionsFor(settings, process, round);
    std::unique_ptr<FileLedger> ledger;
    if (!settings.ledger.empty()) {
        ledger = std::make_unique<FileLedger>(settings.ledger,
                                              LedgerOwner{.run = options.identity.run,
                                                          .flow = settings.flow.name,
                                                          .process = process,
                                                          .processes = settings.processes});
        options.ledger = ledger.get();
    }
    options.on_interval = [channel](const Interval& interval) {
        WriteFrame(channel, Frame::Type::kInterval, interval.Serialize());
    };
    Engine engine(settings.flow, std::move(options));
    orders.Attend(&engine);
    engine.Run();
    orders.Attend(nullptr);
    RoundEnd end;
    if (ledger) {
        ledger->Finish();
        end = {.ledger_recorded = ledger->recorded(),
               .ledger_lost = ledger->lost(),
               .ledger_trouble = ledger->trouble()};
    }
    return end;
}

}  // namespace

std::string RunOfRound(const std::string& run, std::uint32_t round) {
    return round == 0 ? run : run + "." + std::to_string(round);
}

int RunGenerator(const GeneratorSettings& settings, std::uint32_t process, int channel) {
    const auto refuse = [channel](char kind, const std::exception& error) {
        WriteFrame(channel, Frame::Type::kRefused, kind + std::string(error.what()));
        return kInternal;
    };
    try {
        Round first;
        first.stages = settings.load.stages;
        first.start = Clock::now();
        Engine(settings.flow, OptionsFor(settings, process, first)).Probe();
        WriteFrame(channel, Frame::Type::kUp, {});
        Orders orders(channel);
        while (const auto round = orders.Next()) {
            const RoundEnd end = RunRound(settings, process, channel, *round, orders);
            WriteFrame(channel, Frame::Type::kDone, end.Serialize());
        }
        return kOk;
    } catch (const FlowError& error) {
        return refuse('F', error);
    } catch (const TargetError& error) {
        return refuse('T', error);
    } catch (const LimitError& error) {
        return refuse('L', error);
    } catch (const std::exception& error) {
        return refuse('I', error);
    }
}

}  // namespace holdfast::load
