// regulator.h — turns down the rate of messages: of each URL the latest only, once a period (X1).
// Shape:  Regulator has no clock and no thread: you tell it the time. PacedRegulator is one with a
//         timer, for a client's on_message() or a server's publishers alike.
// Bound:  RegulatorOptions::urls_max URLs, one payload each; a new URL beyond it is dropped, counted.
// Fails:  values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ringroad/payload.h"
#include "ringroad/status.h"

namespace ringroad {

struct RegulatorOptions {
  /// Between two calls for the same URL at least so long. Range 1 ms..24 h.
  std::chrono::milliseconds period = std::chrono::seconds(1);
  /// URLs that may wait, or have waited within the last period. Range 1..1,000,000.
  size_t urls_max = 65'536;

  Status validate() const;
};

/// The latest payload of each URL.
/// Thread: one at a time.
class Regulator {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Callback = std::function<void(std::string_view url, const PayloadView& payload)>;

  /// `options` must be valid; `on_value` is called in fire() only, and may call update().
  Regulator(const RegulatorOptions& options, Callback on_value);

  /// A message: takes the place of the one of this URL that has not been handed over.
  void update(std::string_view url, const PayloadView& payload, Time now);
  /// Forgets a URL and what waits of it.
  void remove(std::string_view url);
  /// Hands over what is due: a URL's first message at once, the next when a period has passed since.
  void fire(Time now);
  /// When fire() has something to hand over or to forget; nullopt: nothing is there.
  std::optional<Time> next() const;

  /// What waits. updates = handed_over + replaced + dropped + waiting, but for what remove() took.
  size_t waiting() const { return waiting_; }
  uint64_t handed_over() const { return handed_over_; }
  /// By a newer one.
  uint64_t replaced() const { return replaced_; }
  /// There was no room for the URL.
  uint64_t dropped() const { return dropped_; }

 private:
  struct Slot {
    std::optional<Payload> latest;  // none: handed over
    std::multimap<Time, std::string_view>::iterator due;
  };

  const RegulatorOptions options_;
  const Callback on_value_;
  std::map<std::string, Slot, std::less<>> slots_;
  std::multimap<Time, std::string_view> due_;  // each slot once; the text is the slot's key
  size_t waiting_ = 0;
  uint64_t handed_over_ = 0;
  uint64_t replaced_ = 0;
  uint64_t dropped_ = 0;
};

/// A Regulator with a timer: on_value comes on the timer thread (timer.h), and must not block it.
/// Thread: any thread may call any method.
class PacedRegulator {
 public:
  PacedRegulator(const RegulatorOptions& options, Regulator::Callback on_value);
  ~PacedRegulator();  ///< Waits for a running on_value, so not inside it; what waits is not handed over.
  PacedRegulator(const PacedRegulator&) = delete;
  PacedRegulator& operator=(const PacedRegulator&) = delete;

  /// invalid_argument: the options, or no callback. not_running, resource_exhausted: no timer.
  Status start();
  /// As Regulator's. Fits Client::on_message() and Client::on_data() by a lambda. Before start()
  /// nothing is handed over.
  void update(std::string_view url, const PayloadView& payload);
  void remove(std::string_view url);

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace ringroad
