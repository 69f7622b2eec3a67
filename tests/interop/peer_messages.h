// peer_messages.h — the checks of interop_peer's client that are about publishes and datagrams.
// Thread: the main thread; the session is connected to tests/interop/node_server.js.
// Fails:  a FAIL line in the report for each check that does not hold.
#pragma once

#include <string>

#include "tests/interop/check_report.h"
#include "tests/interop/peer_session.h"

namespace ringroad::interop {

void check_subscriptions(CheckReport& report, PeerSession& session);
void check_publishes(CheckReport& report, PeerSession& session);
/// `rule`: in front of each check's name.
void check_datagrams(CheckReport& report, PeerSession& session, const std::string& rule);

}  // namespace ringroad::interop
