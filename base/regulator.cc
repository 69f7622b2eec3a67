#include "ringroad/regulator.h"

#include <utility>

#include "base/check.h"

namespace ringroad {

Status RegulatorOptions::validate() const {
  constexpr std::chrono::milliseconds kLeast{1};
  constexpr std::chrono::milliseconds kMost = std::chrono::hours(24);
  constexpr size_t kUrlsMost = 1'000'000;
  if (period < kLeast || period > kMost) {
    return {StatusCode::invalid_argument,
            "regulator: period is " + std::to_string(period.count()) + " ms, must be 1..86400000"};
  }
  if (urls_max < 1 || urls_max > kUrlsMost) {
    return {StatusCode::invalid_argument,
            "regulator: urls_max is " + std::to_string(urls_max) + ", must be 1..1000000"};
  }
  return {};
}

Regulator::Regulator(const RegulatorOptions& options, Callback on_value)
    : options_(options), on_value_(std::move(on_value)) {
  CHECK(options_.validate().ok());
  CHECK(on_value_ != nullptr);
}

void Regulator::update(std::string_view url, const PayloadView& payload, Time now) {
  auto at = slots_.find(url);
  if (at == slots_.end()) {
    if (slots_.size() >= options_.urls_max) {
      ++dropped_;
      return;
    }
    at = slots_.try_emplace(std::string(url)).first;
    at->second.due = due_.emplace(now, at->first);
  }
  Slot& slot = at->second;
  if (slot.latest.has_value()) {
    ++replaced_;
    slot.latest->param.assign(payload.param);
    slot.latest->data.assign(payload.data);
    return;
  }
  slot.latest = Payload{std::string(payload.param), std::string(payload.data)};
  ++waiting_;
}

void Regulator::remove(std::string_view url) {
  const auto at = slots_.find(url);
  if (at == slots_.end()) return;
  if (at->second.latest.has_value()) --waiting_;
  due_.erase(at->second.due);
  slots_.erase(at);
}

// A slot without a message stays for a period, so that the next message keeps its distance.
void Regulator::fire(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto at = slots_.find(due_.begin()->second);
    CHECK(at != slots_.end());
    due_.erase(due_.begin());
    if (!at->second.latest.has_value()) {
      slots_.erase(at);
      continue;
    }
    const Payload payload = *std::exchange(at->second.latest, std::nullopt);
    at->second.due = due_.emplace(now + options_.period, at->first);
    --waiting_;
    ++handed_over_;
    const std::string url = at->first;  // the callback may remove it
    on_value_(url, payload.view());
  }
}

std::optional<Regulator::Time> Regulator::next() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

}  // namespace ringroad
