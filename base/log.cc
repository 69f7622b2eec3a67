#include "base/log.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace ringroad::base {
namespace {

std::atomic<LogLevel> wanted_level{LogLevel::warn};  // relaxed: pairs with nothing, orders nothing
std::mutex site_mutex;                               // every LogSite; taken only for wanted lines

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

spdlog::logger& logger() {
  // Never destroyed: a line may come from the last destructor of the process.
  static spdlog::logger* const instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto* made = new spdlog::logger("ringroad", std::move(sink));
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    made->set_level(spdlog::level::trace);  // log_wanted() decides
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

/// A value may come from a peer: it must not end the line and begin one of its own.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    line += control ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return line;
}

std::string format_line(std::string_view format, std::initializer_list<LogValue> values) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const LogValue& value : values) {
    std::visit([&store](const auto& plain) { store.push_back(plain); }, value.variant());
  }
  try {
    return one_line(fmt::vformat(fmt::string_view(format.data(), format.size()), store));
  } catch (const fmt::format_error&) {
    return std::string(format);
  }
}

}  // namespace

void set_log_level(LogLevel level) {
  wanted_level.store(level, std::memory_order_relaxed);
}

bool log_wanted(LogLevel level) {
  return level >= wanted_level.load(std::memory_order_relaxed) && level != LogLevel::off;
}

std::optional<uint64_t> LogSite::admit(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(site_mutex);
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    lines_ = 0;
  }
  if (lines_ == kLogLinesPerSecond) {
    ++suppressed_;
    return std::nullopt;
  }
  ++lines_;
  return std::exchange(suppressed_, 0);
}

void log_line(LogSite& site, LogLevel level, std::string_view format,
              std::initializer_list<LogValue> values) {
  const std::optional<uint64_t> suppressed = site.admit(std::chrono::steady_clock::now());
  if (!suppressed.has_value()) return;
  std::string line = format_line(format, values);
  if (*suppressed > 0) line += fmt::format(" suppressed={}", *suppressed);
  logger().log(spdlog_level(level), line);
}

}  // namespace ringroad::base
