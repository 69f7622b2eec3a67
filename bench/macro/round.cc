#include "bench/macro/round.h"

#include <algorithm>

namespace ringroad::bench {
namespace {

using Clock = Load::Clock;

struct Snapshot {
  Clock::time_point when;
  LoadCounts counts;
  CpuTime server;
  CpuTime load;
  uint64_t machine_ns = 0;
};

Result<Snapshot> take_snapshot(const ServerProcess& server, const Load& load) {
  const Result<CpuTime> server_time = server.cpu_time();
  if (!server_time.ok()) return server_time.status();
  const Result<CpuTime> load_time = own_cpu_time();
  if (!load_time.ok()) return load_time.status();
  const Result<uint64_t> machine = machine_busy_ns();
  if (!machine.ok()) return machine.status();
  return Snapshot{Clock::now(), load.counts(), *server_time, *load_time, *machine};
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Round compare(const Snapshot& from, const Snapshot& to, size_t frame_bytes) {
  Round round;
  const auto elapsed = static_cast<double>((to.when - from.when) / std::chrono::nanoseconds(1));
  const uint64_t server_ns = to.server.total_ns - from.server.total_ns;
  const uint64_t load_ns = to.load.total_ns - from.load.total_ns;
  const uint64_t user = to.server.user_ticks - from.server.user_ticks;
  const uint64_t system = to.server.system_ticks - from.server.system_ticks;
  const double deliveries =
      static_cast<double>(to.counts.delivered_bytes - from.counts.delivered_bytes) /
      static_cast<double>(frame_bytes);
  const auto receives = static_cast<double>(to.counts.receives - from.counts.receives);
  round.seconds = elapsed / 1e9;
  round.deliveries_per_s = deliveries / round.seconds;
  round.server_ns_per_delivery = deliveries > 0 ? static_cast<double>(server_ns) / deliveries : 0;
  round.server_busy = static_cast<double>(server_ns) / elapsed;
  round.server_user = share(user, user + system);
  round.load_busy = static_cast<double>(load_ns) / elapsed;
  const double machine = static_cast<double>(to.machine_ns - from.machine_ns) / elapsed;
  round.other_busy = std::max(0.0, machine - round.server_busy - round.load_busy);
  round.messages_per_receive = receives > 0 ? deliveries / receives : 0;
  return round;
}

}  // namespace

Result<Round> run_round(const Contender& contender, const RoundOptions& options) {
  const Dialect dialect = make_dialect(contender.protocol, options.payload_bytes);
  const Result<RunningServer> server =
      start_server(contender, options.programs, dialect.frame_bytes, options.server_core);
  if (!server.ok()) return server.status();
  Load load(dialect, contender.drive, options.load);
  if (Status status = load.connect(server->port); !status.ok()) return status;
  Status status = load.run_until(Clock::now() + options.warm_up);
  if (!status.ok()) return status;
  const Result<Snapshot> from = take_snapshot(server->process, load);
  if (!from.ok()) return from.status();
  status = load.run_until(Clock::now() + options.measured);
  if (!status.ok()) return status;
  const Result<Snapshot> to = take_snapshot(server->process, load);
  if (!to.ok()) return to.status();
  const Result<uint64_t> missing = load.finish();
  if (!missing.ok()) return missing.status();
  Round round = compare(*from, *to, dialect.frame_bytes);
  round.missing = *missing;
  return round;
}

}  // namespace ringroad::bench
