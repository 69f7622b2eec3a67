// dialect.h — what a load says to a contender, and how many bytes a delivery then has.
// Owner:  values.   Thread: any.
// Fails:  Dialect texts are made once per run; a payload that cannot be framed is refused by
//         check_payload().
// Why here: all contenders carry frames of equal length on the wire, so that bytes are deliveries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/packet.h"
#include "ringroad/status.h"

namespace ringroad::bench {

enum class Protocol { raw, vsoa, resp, nats, mqtt, zmtp };

// Answers whose length is not known beforehand.
inline constexpr size_t kAnswerIsPacket = 0;  // one VSOA packet, whose header tells
inline constexpr size_t kAnswerIsLine = SIZE_MAX;
inline constexpr size_t kNoAnswer = SIZE_MAX - 1;

/// One request of the set-up, and how its answer ends.
struct Exchange {
  std::string request;
  size_t answer_bytes = kAnswerIsPacket;
};

struct Dialect {
  Protocol protocol = Protocol::raw;
  std::vector<Exchange> subscribe;  // what makes a connection a subscriber
  std::vector<Exchange> publisher;  // what makes a connection a publisher
  std::string topic;                // VSOA: the URL of all publishes
  std::string publish;              // one publish, as the publisher sends it, of equal length
  size_t frame_bytes = 0;           // one publish, as a subscriber gets it
  size_t late_bytes = 0;  // what a subscriber gets unasked some seconds later, once, before it all
  uint16_t publisher_port_offset = 0;  // where publishers go, above the port of subscribers
};

std::string vsoa_packet(const proto::PacketSpec& spec);

/// 16 to 65,536 bytes.
Status check_payload(size_t payload_bytes);

/// The length that all dialects share for this payload: RESP's frame, rounded up to VSOA's four.
size_t frame_bytes(size_t payload_bytes);

/// The first bytes of every dialect's payload.
inline constexpr std::string_view kPayloadBegin = "abcdefghijklmnop";

Dialect make_dialect(Protocol protocol, size_t payload_bytes);

}  // namespace ringroad::bench
