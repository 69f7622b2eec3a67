#include "bench/macro/dialect_peers.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "bench/macro/yardstick_words.h"

namespace ringroad::bench {
namespace {

std::string byte(size_t value) {
  CHECK(value <= 0xff);
  return std::string(1, static_cast<char>(static_cast<unsigned char>(value)));
}

std::string big_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += byte((value >> (8 * i)) & 0xff);
  return text;
}

// NATS

std::string nats_message(std::string_view subject, std::string_view body) {
  return fmt::format("MSG {} 1 {}\r\n{}\r\n", subject, body.size(), body);
}

// MQTT

std::string mqtt_string(std::string_view text) {
  return big_endian(text.size(), 2) + std::string(text);
}

/// 7 bits a byte, the lowest first.
std::string mqtt_length(size_t bytes) {
  std::string text;
  do {
    text += byte(bytes % 128 + (bytes >= 128 ? 128 : 0));
    bytes /= 128;
  } while (bytes > 0);
  return text;
}

std::string mqtt_packet(size_t type_and_flags, std::string_view rest) {
  return byte(type_and_flags) + mqtt_length(rest.size()) + std::string(rest);
}

std::string mqtt_publish(std::string_view topic, std::string_view body) {
  return mqtt_packet(0x30, mqtt_string(topic) + std::string(body));
}

/// A length that mqtt_length() of the rest cannot make does not occur: it is no multiple of four.
std::string mqtt_topic(size_t frame_bytes, std::string_view body) {
  std::string topic = "t";
  while (mqtt_publish(topic, body).size() < frame_bytes) topic += 't';
  return topic;
}

// ZMTP

constexpr size_t kZmtpMore = 0x01;
constexpr size_t kZmtpLong = 0x02;
constexpr size_t kZmtpCommand = 0x04;
constexpr size_t kZmtpShortMax = 255;
constexpr size_t kZmtpLongHead = 9;

std::string zmtp_frame(size_t flags, std::string_view body) {
  if (body.size() <= kZmtpShortMax) return byte(flags) + byte(body.size()) + std::string(body);
  return byte(flags | kZmtpLong) + big_endian(body.size(), 8) + std::string(body);
}

/// The signature, version 3.0, the mechanism in 20 bytes, and 32 that say nothing.
std::string zmtp_greeting() {
  std::string text = byte(0xff) + std::string(8, '\0') + byte(0x7f) + byte(3) + byte(0);
  text += "NULL";
  text.resize(64, '\0');
  return text;
}

std::string zmtp_ready(std::string_view socket_type) {
  constexpr std::string_view kProperty = "Socket-Type";
  return zmtp_frame(kZmtpCommand, byte(5) + "READY" + byte(kProperty.size()) +
                                      std::string(kProperty) + big_endian(socket_type.size(), 4) +
                                      std::string(socket_type));
}

/// A message that begins with its topic. 258 to 264 bytes do not exist as one frame: those are two.
std::string zmtp_message(std::string_view topic, std::string_view body, size_t frame_bytes) {
  const bool one = frame_bytes <= kZmtpShortMax + 2 || frame_bytes > kZmtpShortMax + kZmtpLongHead;
  if (one) return zmtp_frame(0, std::string(topic) + std::string(body));
  return zmtp_frame(kZmtpMore, topic) + zmtp_frame(0, body);
}

std::string zmtp_topic(size_t frame_bytes, std::string_view body) {
  std::string topic = "t";
  while (zmtp_message(topic, body, frame_bytes).size() < frame_bytes) topic += 't';
  return topic;
}

}  // namespace

Dialect make_nats(size_t frame_bytes, const std::string& body) {
  constexpr std::string_view kConnect =
      R"(CONNECT {"verbose":false,"pedantic":false,"tls_required":false,"lang":"c++",)"
      R"("version":"1","protocol":0})";
  constexpr size_t kPongBytes = 6;
  const size_t rest = nats_message("", body).size();
  CHECK(frame_bytes > rest);
  const std::string subject(frame_bytes - rest, 's');
  const std::vector<Exchange> hello = {{"", kAnswerIsLine},
                                       {fmt::format("{}\r\nPING\r\n", kConnect), kPongBytes}};
  Dialect dialect;
  dialect.publisher = hello;
  dialect.subscribe = hello;
  dialect.subscribe.push_back({fmt::format("SUB {} 1\r\nPING\r\n", subject), kPongBytes});
  dialect.late_bytes = std::string_view("PING\r\n").size();
  // Two more blanks: as long as what comes of it.
  dialect.publish = fmt::format("PUB   {} {}\r\n{}\r\n", subject, body.size(), body);
  CHECK(nats_message(subject, body).size() == frame_bytes);
  return dialect;
}

Dialect make_mqtt(size_t frame_bytes, const std::string& body) {
  constexpr size_t kConnackBytes = 4;
  constexpr size_t kSubackBytes = 5;
  const std::string topic = mqtt_topic(frame_bytes, body);
  const std::string clean_session = byte(2);
  const std::string never_alive = big_endian(0, 2);
  const std::string connect = mqtt_packet(
      0x10, mqtt_string("MQTT") + byte(4) + clean_session + never_alive + mqtt_string(""));
  Dialect dialect;
  dialect.publisher = {{connect, kConnackBytes}};
  dialect.subscribe = {
      {connect, kConnackBytes},
      {mqtt_packet(0x82, big_endian(1, 2) + mqtt_string(topic) + byte(0)), kSubackBytes}};
  dialect.publish = mqtt_publish(topic, body);
  return dialect;
}

Dialect make_zmtp(size_t frame_bytes, const std::string& body) {
  const std::string topic = zmtp_topic(frame_bytes, body);
  const std::string greeting = zmtp_greeting();
  // A subscription has no answer. The forwarder repeats the mark to all who subscribe to it, after
  // what they subscribed to before; whoever has it, leaves it.
  const std::string mark(kZmqMark);
  const std::string subscribed = zmtp_frame(0, mark);
  Dialect dialect;
  dialect.publisher = {{greeting, greeting.size()}, {zmtp_ready("PUB"), zmtp_ready("XSUB").size()}};
  dialect.subscribe = {
      {greeting, greeting.size()},
      {zmtp_ready("SUB"), zmtp_ready("XPUB").size()},
      {zmtp_frame(0, byte(1) + topic) + zmtp_frame(0, byte(1) + mark), subscribed.size()},
      {zmtp_frame(0, byte(0) + mark), kNoAnswer}};
  dialect.publisher_port_offset = 1;
  dialect.publish = zmtp_message(topic, body, frame_bytes);
  return dialect;
}

}  // namespace ringroad::bench
