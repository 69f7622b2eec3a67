#include "ringroad/options.h"

#include <string_view>

#include "base/limits.h"
#include "ringroad/robot.h"

namespace ringroad {
namespace {

constexpr uint64_t kGiB = 1'073'741'824;
constexpr uint64_t kMiB = 1'048'576;

Status in_range(std::string_view option, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return {};
  return {StatusCode::invalid_argument, std::string(option) + " is " + std::to_string(value) +
                                            ", must be " + std::to_string(least) + ".." +
                                            std::to_string(most)};
}

Status duration_in_range(std::string_view option, std::chrono::milliseconds value, int64_t least) {
  if (value.count() < 0)
    return {StatusCode::invalid_argument, std::string(option) + " is negative"};
  return in_range(std::string(option) + " in ms", static_cast<uint64_t>(value.count()),
                  static_cast<uint64_t>(least), 3'600'000);
}

Status first_error(std::initializer_list<Status> checks) {
  for (const Status& status : checks) {
    if (!status.ok()) return status;
  }
  return {};
}

Status timeout_or_none(std::string_view option, std::chrono::milliseconds value) {
  if (value.count() == 0) return {};
  return duration_in_range(option, value, 100);
}

Status whole_seconds(std::string_view option, std::chrono::seconds value) {
  if (value.count() < 0)
    return {StatusCode::invalid_argument, std::string(option) + " is negative"};
  return in_range(std::string(option) + " in s", static_cast<uint64_t>(value.count()), 0, 32'767);
}

Status interface_name(const std::string& name) {
  constexpr size_t kNameBytesMax = 15;  // IFNAMSIZ less its NUL
  if (name.size() <= kNameBytesMax && name.find('\0') == std::string::npos) return {};
  return {StatusCode::invalid_argument,
          "interface is \"" + name + "\", must be the name of a network interface (ip link)"};
}

Status prefix_or_empty(const std::string& prefix) {
  if (prefix.empty() || (prefix.front() == '/' && prefix.back() == '/')) return {};
  return {StatusCode::invalid_argument,
          "relay_prefix is \"" + prefix + "\", must be \"/\" or start and end with '/'"};
}

}  // namespace

Status ServerOptions::validate() const {
  return first_error({
      in_range("shards", shards, 0, base::kShardsMax),
      in_range("queue_bytes_max", queue_bytes_max, base::kQueueBytesMin, kGiB),
      in_range("clients_per_shard_max", clients_per_shard_max, 1, 1'000'000),
      in_range("streams_per_client_max", streams_per_client_max, 0, 4'096),
      in_range("streams_per_shard_max", streams_per_shard_max, 0, 65'536),
      in_range("mailbox_bytes", mailbox_bytes, kMiB, kGiB),
      in_range("spin_percent", spin_percent, 0, 100),
      duration_in_range("handshake_timeout", handshake_timeout, 100),
      timeout_or_none("send_timeout", send_timeout),
      whole_seconds("keepalive", keepalive),
      interface_name(interface),
      prefix_or_empty(relay_prefix),
  });
}

Status ConnectOptions::validate() const {
  return first_error({
      duration_in_range("timeout", timeout, 1),
      whole_seconds("keepalive", keepalive),
  });
}

Status RobotOptions::validate() const {
  constexpr int64_t kLeast = 50;        // V67
  constexpr uint64_t kTurboLeast = 25;  // V68
  constexpr uint64_t kTurboCountLeast = 3;
  const auto keepalive_ms = static_cast<uint64_t>(keepalive.count());
  Status status = first_error({
      duration_in_range("keepalive", keepalive, kLeast),
      duration_in_range("connect_timeout", connect_timeout, kLeast),
      duration_in_range("reconnect_delay", reconnect_delay, kLeast),
      duration_in_range("reconnect_delay_max", reconnect_delay_max, 0),
      duration_in_range("turbo", turbo, 0),
      in_range("jitter_percent", jitter_percent, 0, 100),
  });
  if (!status.ok() || turbo.count() == 0) return status;
  return first_error({
      in_range("turbo in ms", static_cast<uint64_t>(turbo.count()), kTurboLeast, keepalive_ms),
      in_range("turbo_count_max", turbo_count_max, kTurboCountLeast, UINT32_MAX),
  });
}

Status ClientLoopOptions::validate() const {
  return first_error({
      in_range("threads", threads, 0, 64),
      in_range("queue_bytes_max", queue_bytes_max, base::kQueueBytesMin, kGiB),
  });
}

}  // namespace ringroad
