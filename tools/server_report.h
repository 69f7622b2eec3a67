// server_report.h — a server's counters as text: a line, a summary, JSON.
// Thread: any; pure.
#pragma once

#include <string>

#include "ringroad/server.h"

namespace ringroad::tools {

/// What happened between two snapshots, per second, in one line.
std::string rate_line(const ServerStats& before, const ServerStats& now, double seconds);
enum class Relay { on, off };
/// All that matters since listen(), several lines; causes of closes are named only if they
/// happened.
std::string summary_text(const ServerStats& stats, Relay relay);
/// Every counter, as one JSON object with the names of ServerStats.
std::string stats_json(const ServerStats& stats);

}  // namespace ringroad::tools
