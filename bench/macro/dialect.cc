#include "bench/macro/dialect.h"

#include <fmt/format.h>

#include <span>

#include "base/check.h"
#include "bench/macro/dialect_peers.h"
#include "bench/macro/yardstick_words.h"
#include "proto/packet.h"

namespace ringroad::bench {
namespace {

constexpr size_t kVsoaHeaderBytes = 20;
constexpr size_t kPayloadMin = 16;
constexpr size_t kPayloadMax = 65'536;

std::string payload(size_t bytes) {
  std::string text(bytes, '.');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

std::string resp_message(std::string_view channel, std::string_view body) {
  return fmt::format("*3\r\n$7\r\nmessage\r\n${}\r\n{}\r\n${}\r\n{}\r\n", channel.size(), channel,
                     body.size(), body);
}

/// The shortest channel name that makes RESP's frame as long as everybody's.
std::string resp_channel(size_t payload_bytes) {
  const std::string body(payload_bytes, 'x');
  const size_t rest = resp_message("c", body).size() - 1;
  return std::string(frame_bytes(payload_bytes) - rest, 'c');
}

Dialect make_raw(size_t payload_bytes) {
  Dialect dialect;
  dialect.subscribe = {{std::string(1, kYardstickSubscriber), 1}};
  dialect.publisher = {{std::string(1, kYardstickPublisher), 1}};
  dialect.publish = payload(frame_bytes(payload_bytes));
  return dialect;
}

Dialect make_resp(size_t payload_bytes) {
  const std::string channel = resp_channel(payload_bytes);
  const std::string body = payload(payload_bytes);
  const std::string answer =
      fmt::format("*3\r\n$9\r\nsubscribe\r\n${}\r\n{}\r\n:1\r\n", channel.size(), channel);
  Dialect dialect;
  dialect.subscribe = {
      {fmt::format("*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{}\r\n", channel.size(), channel),
       answer.size()}};
  dialect.publish = fmt::format("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{}\r\n${}\r\n{}\r\n", channel.size(),
                                channel, body.size(), body);
  CHECK(resp_message(channel, body).size() == frame_bytes(payload_bytes));
  return dialect;
}

Dialect make_vsoa(size_t payload_bytes) {
  std::string url = "/fleet/7/pos";  // with a payload of 128 bytes it is just as long as needed
  url.resize(frame_bytes(payload_bytes) - kVsoaHeaderBytes - payload_bytes, 's');
  const std::string body = payload(payload_bytes);
  Dialect dialect;
  const Exchange hello = {vsoa_packet({.type = proto::PacketType::servinfo}), kAnswerIsPacket};
  dialect.subscribe = {hello,
                       {vsoa_packet({.type = proto::PacketType::subscribe, .seqno = 1, .url = url}),
                        kAnswerIsPacket}};
  dialect.publisher = {hello};
  dialect.publish = vsoa_packet({.type = proto::PacketType::datagram, .url = url, .data = body});
  dialect.topic = url;
  return dialect;
}

Dialect make(Protocol protocol, size_t payload_bytes) {
  switch (protocol) {
    case Protocol::raw:
      return make_raw(payload_bytes);
    case Protocol::vsoa:
      return make_vsoa(payload_bytes);
    case Protocol::resp:
      return make_resp(payload_bytes);
    case Protocol::nats:
      return make_nats(frame_bytes(payload_bytes), payload(payload_bytes));
    case Protocol::mqtt:
      return make_mqtt(frame_bytes(payload_bytes), payload(payload_bytes));
    case Protocol::zmtp:
      return make_zmtp(frame_bytes(payload_bytes), payload(payload_bytes));
  }
  CHECK(false);
}

}  // namespace

std::string vsoa_packet(const proto::PacketSpec& spec) {
  std::string bytes(proto::packet_bytes(spec), '\0');
  proto::encode(spec, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

Status check_payload(size_t payload_bytes) {
  if (payload_bytes >= kPayloadMin && payload_bytes <= kPayloadMax) return {};
  return Status(StatusCode::invalid_argument, fmt::format("--payload {}: must be {} to {} bytes",
                                                          payload_bytes, kPayloadMin, kPayloadMax));
}

size_t frame_bytes(size_t payload_bytes) {
  const size_t resp = resp_message("c", std::string(payload_bytes, 'x')).size();
  return (resp + proto::kPacketAlignment - 1) / proto::kPacketAlignment * proto::kPacketAlignment;
}

Dialect make_dialect(Protocol protocol, size_t payload_bytes) {
  Dialect dialect = make(protocol, payload_bytes);
  dialect.protocol = protocol;
  dialect.frame_bytes = frame_bytes(payload_bytes);
  CHECK(dialect.publish.size() == dialect.frame_bytes);
  return dialect;
}

}  // namespace ringroad::bench
