// One timer fires for all URLs, every period: a URL's values are a period apart, and at most another
// one late.
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ringroad/regulator.h"
#include "ringroad/timer.h"

namespace ringroad {

class PacedRegulator::Core {
 public:
  Core(const RegulatorOptions& options, Regulator::Callback on_value)
      : options_(options), on_value_(std::move(on_value)) {
    if (!options_.validate().ok() || on_value_ == nullptr) return;
    regulator_.emplace(options_, [this](std::string_view url, const PayloadView& payload) {
      due_.push_back({std::string(url), {std::string(payload.param), std::string(payload.data)}});
    });
  }

  Status start() {
    if (Status status = options_.validate(); !status.ok()) return status;
    if (!regulator_) return {StatusCode::invalid_argument, "regulator: there is no callback"};
    return timer_.start(
        options_.period, [this] { fire(); }, options_.period);
  }

  void update(std::string_view url, const PayloadView& payload) {
    const std::lock_guard lock(mutex_);
    if (regulator_) regulator_->update(url, payload, Clock::now());
  }

  void remove(std::string_view url) {
    const std::lock_guard lock(mutex_);
    if (regulator_) regulator_->remove(url);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Value {
    std::string url;
    Payload payload;
  };

  // The callback runs without the lock: it may update, and others meanwhile, too.
  void fire() {
    std::vector<Value> values;
    {
      const std::lock_guard lock(mutex_);
      regulator_->fire(Clock::now());
      values.swap(due_);
    }
    for (const Value& value : values) on_value_(value.url, value.payload.view());
  }

  // Constant after construction.
  const RegulatorOptions options_;
  const Regulator::Callback on_value_;
  // Any thread (mutex).
  std::mutex mutex_;
  std::optional<Regulator> regulator_;  // none: bad options
  std::vector<Value> due_;              // collected by fire()
  Timer timer_;                         // goes first: no callback runs behind it
};

PacedRegulator::PacedRegulator(const RegulatorOptions& options, Regulator::Callback on_value)
    : core_(std::make_unique<Core>(options, std::move(on_value))) {
}

PacedRegulator::~PacedRegulator() = default;

Status PacedRegulator::start() {
  return core_->start();
}

void PacedRegulator::update(std::string_view url, const PayloadView& payload) {
  core_->update(url, payload);
}

void PacedRegulator::remove(std::string_view url) {
  core_->remove(url);
}

}  // namespace ringroad
