#include "bench/macro/round.h"

#include "bench/macro/usage.h"

namespace ringroad::bench {
namespace {

using Clock = Load::Clock;

struct Snapshot {
  Usage usage;
  LoadCounts counts;
};

Result<Snapshot> take_snapshot(const ServerProcess& server, const Load& load) {
  const Result<Usage> usage = Usage::take(server);
  if (!usage.ok()) return usage.status();
  return Snapshot{*usage, load.counts()};
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Round compare(const Snapshot& from, const Snapshot& to, size_t frame_bytes) {
  const Shares shares = Shares::between(from.usage, to.usage);
  const uint64_t user = to.usage.server.user_ticks - from.usage.server.user_ticks;
  const uint64_t system = to.usage.server.system_ticks - from.usage.server.system_ticks;
  const double deliveries =
      static_cast<double>(to.counts.delivered_bytes - from.counts.delivered_bytes) /
      static_cast<double>(frame_bytes);
  const auto receives = static_cast<double>(to.counts.receives - from.counts.receives);
  Round round;
  round.seconds = shares.seconds;
  round.deliveries_per_s = deliveries / shares.seconds;
  round.server_ns_per_delivery = deliveries > 0 ? shares.server_ns / deliveries : 0;
  round.server_busy = shares.server_busy;
  round.server_user = share(user, user + system);
  round.load_busy = shares.load_busy;
  round.other_busy = shares.other_busy;
  round.changes_per_s =
      static_cast<double>(to.counts.changes - from.counts.changes) / shares.seconds;
  round.messages_per_receive = receives > 0 ? deliveries / receives : 0;
  return round;
}

}  // namespace

Result<Round> run_round(const Contender& contender, const RoundOptions& options) {
  const Dialect dialect = make_dialect(contender.protocol, options.payload_bytes);
  const Result<RunningServer> server =
      start_server(contender, dialect.frame_bytes, options.server_core);
  if (!server.ok()) return server.status();
  LoadOptions load_options = options.load;
  load_options.churn_per_second = contender.churn_per_second;
  Load load(dialect, contender.drive, load_options);
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
