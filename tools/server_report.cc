#include "tools/server_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tools/text.h"

namespace ringroad::tools {
namespace {

struct Named {
  const char* name;
  uint64_t ServerStats::*value;
};

constexpr std::array kCounters = {
    Named{"clients_now", &ServerStats::clients_now},
    Named{"connections_now", &ServerStats::connections_now},
    Named{"connections_accepted", &ServerStats::connections_accepted},
    Named{"messages_in", &ServerStats::messages_in},
    Named{"publishes", &ServerStats::publishes},
    Named{"deliveries", &ServerStats::deliveries},
    Named{"deliveries_dropped", &ServerStats::deliveries_dropped},
    Named{"deliveries_conflated", &ServerStats::deliveries_conflated},
    Named{"bytes_in", &ServerStats::bytes_in},
    Named{"bytes_out", &ServerStats::bytes_out},
    Named{"zero_copy_sends", &ServerStats::zero_copy_sends},
    Named{"zero_copy_copied", &ServerStats::zero_copy_copied},
    Named{"cohort_appends", &ServerStats::cohort_appends},
    Named{"publishes_overloaded", &ServerStats::publishes_overloaded},
    Named{"relayed", &ServerStats::relayed},
    Named{"relay_pauses", &ServerStats::relay_pauses},
    Named{"relay_dropped", &ServerStats::relay_dropped},
    Named{"datagrams_refused", &ServerStats::datagrams_refused},
    Named{"quick_sent", &ServerStats::quick_sent},
    Named{"quick_dropped", &ServerStats::quick_dropped},
    Named{"quick_overrun", &ServerStats::quick_overrun},
    Named{"quick_spoofed", &ServerStats::quick_spoofed},
    Named{"quick_malformed", &ServerStats::quick_malformed},
    Named{"replies_orphaned", &ServerStats::replies_orphaned},
    Named{"streams_now", &ServerStats::streams_now},
    Named{"streams_opened", &ServerStats::streams_opened},
    Named{"streams_timed_out", &ServerStats::streams_timed_out},
    Named{"streams_refused", &ServerStats::streams_refused},
    Named{"streams_strangers", &ServerStats::streams_strangers},
    Named{"handler_failures", &ServerStats::handler_failures},
    Named{"closed_by_peer", &ServerStats::closed_by_peer},
    Named{"closed_slow_client", &ServerStats::closed_slow_client},
    Named{"closed_stalled", &ServerStats::closed_stalled},
    Named{"closed_handshake_timeout", &ServerStats::closed_handshake_timeout},
    Named{"closed_bad_packet", &ServerStats::closed_bad_packet},
    Named{"closed_password", &ServerStats::closed_password},
    Named{"logins_refused", &ServerStats::logins_refused},
    Named{"closed_other", &ServerStats::closed_other},
    Named{"bytes_live", &ServerStats::bytes_live},
    Named{"bytes_pinned", &ServerStats::bytes_pinned},
};

constexpr std::array kCloses = {
    Named{"by the peer", &ServerStats::closed_by_peer},
    Named{"slow client (raise --queue-bytes, or the client must read faster)",
          &ServerStats::closed_slow_client},
    Named{"took nothing for the send timeout (--send-timeout)", &ServerStats::closed_stalled},
    Named{"no handshake in time", &ServerStats::closed_handshake_timeout},
    Named{"not VSOA or too large", &ServerStats::closed_bad_packet},
    Named{"wrong password", &ServerStats::closed_password},
    Named{"other", &ServerStats::closed_other},
};

constexpr std::array kTroubles = {
    Named{"deliveries dropped, the client had gone", &ServerStats::deliveries_dropped},
    Named{"deliveries conflated, a newer message came in their place",
          &ServerStats::deliveries_conflated},
    Named{"publishes refused, shards full", &ServerStats::publishes_overloaded},
    Named{"times a producer was held back, shards full", &ServerStats::relay_pauses},
    Named{"quick messages dropped, UDP socket full", &ServerStats::quick_dropped},
    Named{"quick datagrams lost on their way in, UDP socket full", &ServerStats::quick_overrun},
    Named{"quick datagrams dropped, shards full", &ServerStats::relay_dropped},
    Named{"datagrams before a handshake", &ServerStats::datagrams_refused},
    Named{"UDP datagrams that are not VSOA", &ServerStats::quick_malformed},
    Named{"quick datagrams with a foreign source", &ServerStats::quick_spoofed},
    Named{"streams that nobody joined in time", &ServerStats::streams_timed_out},
    Named{"streams refused, too many", &ServerStats::streams_refused},
    Named{"connections to a stream from a foreign address", &ServerStats::streams_strangers},
};

uint64_t per_second(uint64_t before, uint64_t now, double seconds) {
  return static_cast<uint64_t>(static_cast<double>(now - std::min(before, now)) / seconds + 0.5);
}

}  // namespace

std::string rate_line(const ServerStats& before, const ServerStats& now, double seconds) {
  return fmt::format("{}   in {}/s   delivered {}/s   out {:.1f} MB/s   live {:.1f} MB",
                     plural(now.clients_now, "client"),
                     grouped(per_second(before.messages_in, now.messages_in, seconds)),
                     grouped(per_second(before.deliveries, now.deliveries, seconds)),
                     static_cast<double>(now.bytes_out - before.bytes_out) / seconds / 1e6,
                     static_cast<double>(now.bytes_live) / 1e6);
}

std::string summary_text(const ServerStats& stats, Relay relay) {
  std::string text = fmt::format(
      "stopped after {}\n"
      "  in          {}, {:.1f} MB\n",
      plural(stats.connections_accepted, "connection"), plural(stats.messages_in, "message"),
      static_cast<double>(stats.bytes_in) / 1e6);
  if (relay == Relay::on) {
    text += fmt::format("  relayed     {}\n", plural(stats.relayed, "datagram"));
  }
  text += fmt::format("  delivered   {}, {:.1f} MB out\n", plural(stats.deliveries, "message"),
                      static_cast<double>(stats.bytes_out) / 1e6);
  for (const Named& close : kCloses) {
    if (stats.*close.value == 0) continue;
    text += fmt::format("  closed      {}: {}\n", grouped(stats.*close.value), close.name);
  }
  for (const Named& trouble : kTroubles) {
    if (stats.*trouble.value == 0) continue;
    text += fmt::format("  note        {} {}\n", grouped(stats.*trouble.value), trouble.name);
  }
  return text;
}

std::string stats_json(const ServerStats& stats) {
  std::string text = "{";
  for (const Named& counter : kCounters) {
    text +=
        fmt::format("{}\"{}\":{}", text.size() > 1 ? "," : "", counter.name, stats.*counter.value);
  }
  return text + "}";
}

}  // namespace ringroad::tools
