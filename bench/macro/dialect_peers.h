// dialect_peers.h — what a load says to servers of other protocols: NATS, MQTT 3.1.1, ZMTP 3.0.
// Owner:  values.   Thread: any.
// Bound:  a delivered frame is exactly as long as asked for: the topic's name makes up the rest.
// Fails:  CHECKs; frame_bytes() leaves room for each of them.
// Why here: dialect.h says what all dialects share, this what they do not.
#pragma once

#include "bench/macro/dialect.h"

namespace ringroad::bench {

/// Text protocol. Its server asks each client once, two seconds later, whether it is alive.
Dialect make_nats(size_t frame_bytes, const std::string& body);
/// Quality of service 0.
Dialect make_mqtt(size_t frame_bytes, const std::string& body);
/// Security NULL; XPUB and XSUB of bench/macro/zmq_forwarder.cc.
Dialect make_zmtp(size_t frame_bytes, const std::string& body);

}  // namespace ringroad::bench
