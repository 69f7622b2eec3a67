// log.h — one line per event to stderr, few lines per call site.
// Use:    LOG(warn, "event=slow_client client={} pending_bytes={}", id, bytes); {fmt}
//         placeholders, by position.
// Thread: any.
// Bound:  kLogLinesPerSecond lines per call site and second; the next line says how many were
//         left out.
// Cost:   below the level one relaxed load; no clock read, no formatting. Not for per-packet
//         functions all the same.
// Why here: spdlog and fmt stay inside log.cc; a limit that is hit a million times a second must
//         not fill a disk.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ringroad::base {

enum class LogLevel : uint8_t { debug, info, warn, error, off };

inline constexpr uint32_t kLogLinesPerSecond = 10;

/// Lines below it are not printed. Starts as warn.
void set_log_level(LogLevel level);
bool log_wanted(LogLevel level);

/// The rate limit of one call site.
class LogSite {
 public:
  /// How many lines were left out since the last one, if a line may be printed now.
  std::optional<uint64_t> admit(std::chrono::steady_clock::time_point now);

 private:
  std::chrono::steady_clock::time_point second_began_;  // under the mutex in log.cc
  uint32_t lines_ = 0;                                  // printed since then
  uint64_t suppressed_ = 0;                             // not printed since the last line
};

/// A value to print. Views the text it is made from.
class LogValue {
 public:
  using Variant = std::variant<int64_t, uint64_t, double, bool, std::string_view>;

  LogValue(bool value) : value_(value) {}  // NOLINT: implicit on purpose
  LogValue(std::signed_integral auto value) : value_(int64_t{value}) {}     // NOLINT
  LogValue(std::unsigned_integral auto value) : value_(uint64_t{value}) {}  // NOLINT
  LogValue(double value) : value_(value) {}                                 // NOLINT
  LogValue(const char* value) : value_(std::string_view(value)) {}          // NOLINT
  LogValue(std::string_view value) : value_(value) {}                       // NOLINT
  LogValue(const std::string& value) : value_(std::string_view(value)) {}   // NOLINT

  const Variant& variant() const { return value_; }

 private:
  Variant value_;
};

/// LOG's other half. A line whose placeholders do not fit its values is printed unformatted.
void log_line(LogSite& site, LogLevel level, std::string_view format,
              std::initializer_list<LogValue> values);

}  // namespace ringroad::base

#define LOG(level, format, ...)                                                       \
  do {                                                                                \
    if (::ringroad::base::log_wanted(::ringroad::base::LogLevel::level)) {            \
      static ::ringroad::base::LogSite log_site;                                      \
      ::ringroad::base::log_line(log_site, ::ringroad::base::LogLevel::level, format, \
                                 {__VA_ARGS__});                                      \
    }                                                                                 \
  } while (false)
