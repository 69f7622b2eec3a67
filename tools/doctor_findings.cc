#include "tools/doctor_findings.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "tools/text.h"

namespace ringroad::tools {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;

/// Numbers of a /proc line, in order; what is missing stays 0.
template <size_t N>
std::array<uint64_t, N> numbers(std::string_view text) {
  std::array<uint64_t, N> values = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint64_t& value : values) {
    while (at != end && (*at < '0' || *at > '9')) ++at;
    at = std::from_chars(at, end, value).ptr;
  }
  return values;
}

std::string limit_text(uint64_t value) {
  return value == kUnlimited ? "unlimited" : grouped(value);
}

std::string bytes_text(uint64_t bytes) {
  if (bytes == kUnlimited) return "unlimited";
  if (bytes < 1'048'576) return fmt::format("{} KiB", grouped(bytes / 1024));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1'048'576.0);
}

}  // namespace

Finding judge_engine(const Status& trial, std::string_view sysctl, std::string_view seccomp) {
  if (trial.ok()) {
    return {Grade::good, "io_uring", "usable: a server has just started and stopped here"};
  }
  // The status names cause and cure; these are the facts to check them against.
  return {Grade::bad, "io_uring",
          fmt::format("no server starts: {} [kernel.io_uring_disabled {}, seccomp mode {}]",
                      trial.message(), sysctl.empty() ? "unknown" : sysctl,
                      seccomp.empty() ? "unknown" : seccomp)};
}

Finding judge_files(const Limit& limit, size_t shards) {
  const uint64_t clients = client_room(limit.hard, shards);
  const std::string shown =
      fmt::format("{} (hard limit {})", limit_text(limit.soft), limit_text(limit.hard));
  if (limit.hard >= kFilesEnough) {
    return {Grade::good, "open files", shown + ": enough for a million clients"};
  }
  return {
      clients > 0 ? Grade::note : Grade::bad, "open files",
      fmt::format(
          "{}: room for about {}; for more: ulimit -n 1048576, or LimitNOFILE=1048576 in the unit",
          shown, plural(clients, "client"))};
}

Finding judge_locked_memory(const Limit& limit) {
  constexpr uint64_t kEnough = 64 * 1'048'576;
  if (limit.soft >= kEnough) return {Grade::good, "locked memory", bytes_text(limit.soft)};
  return {
      Grade::note, "locked memory",
      fmt::format("{}: enough to start, little for registered buffers and many shards; for more: "
                  "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited",
                  bytes_text(limit.soft))};
}

Finding judge_backlog(std::string_view somaxconn) {
  const uint64_t backlog = numbers<1>(somaxconn)[0];
  if (backlog >= 4096) return {Grade::good, "accept queue", grouped(backlog)};
  return {Grade::note, "accept queue",
          fmt::format("{}: a burst of more connections waits for a second try; for more: sysctl -w "
                      "net.core.somaxconn=4096",
                      grouped(backlog))};
}

Finding judge_ports(std::string_view range) {
  const auto [first, last] = numbers<2>(range);
  const uint64_t ports = last >= first && last != 0 ? last - first + 1 : 0;
  return {Grade::good, "client ports",
          fmt::format("{} to {}: {} from one address to one server", first, last,
                      plural(ports, "connection"))};
}

Finding judge_send_memory(std::string_view tcp_wmem) {
  const auto [least, usual, most] = numbers<3>(tcp_wmem);
  return {Grade::good, "send buffers",
          fmt::format("{} to {} per client, {} at first", bytes_text(least), bytes_text(most),
                      bytes_text(usual))};
}

Finding judge_cores(const std::vector<unsigned>& allowed, unsigned online) {
  const std::string text =
      fmt::format("{} of {} allowed (core {})", allowed.size(), online, fmt::join(allowed, " "));
  if (allowed.size() >= 2) return {Grade::good, "cores", text};
  return {Grade::note, "cores", text + ": one shard; clients on this machine share its core"};
}

}  // namespace ringroad::tools
