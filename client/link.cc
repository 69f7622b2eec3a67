#include "client/link.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "proto/json.h"

namespace ringroad::client {
namespace {

constexpr uint32_t kHandshakeSeqno = 0;
constexpr uint8_t kPriorityMax = base::kPriorities - 1;
constexpr uint8_t kWrongPassword = static_cast<uint8_t>(ReplyStatus::password);
constexpr size_t kIdBytes = 4;         // of the SERVINFO reply's data
constexpr size_t kQuickPortBytes = 2;  // behind them, not from every server (B2)

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
  return value;
}

Status bad_stream(proto::DecodeError error) {
  const char* cause = error == proto::DecodeError::oversize
                          ? "the server sent a packet longer than 262144 bytes"
                          : "what the server sent is not a VSOA packet: is this a VSOA server?";
  return {StatusCode::bad_response, cause};
}

}  // namespace

std::string login_param(std::string_view password) {
  if (password.empty()) return {};
  std::string param = R"({"passwd":)";
  proto::append_json_string(param, password);
  param += '}';
  return param;
}

Status Link::feed(std::span<const std::byte> bytes) {
  if (state_ == State::ended) return {};
  reader_.feed(bytes);
  proto::PacketView packet;
  while (true) {
    const proto::PacketReader::Outcome outcome = reader_.next(packet);
    if (outcome == proto::PacketReader::Outcome::need_more) return {};
    if (outcome == proto::PacketReader::Outcome::bad) return bad_stream(reader_.error());
    dispatch(packet);
    if (state_ == State::ended) {
      reader_.drop_unread();
      return {};
    }
  }
}

void Link::dispatch(const proto::PacketView& packet) {
  CHECK(state_ != State::ended);
  if (state_ == State::handshaking) return shake(packet);
  const proto::PacketHeader& header = packet.header;
  switch (header.type) {
    case proto::PacketType::publish:
    case proto::PacketType::datagram:
      return handler_.on_message(packet,
                                 Channel::normal);  // whatever its flags and seqno (D25, E6)
    case proto::PacketType::qossetup:
      // It carries the REPLY flag and answers nothing, whatever its seqno.
      return handler_.on_priority(std::min(header.status, kPriorityMax));
    default:
      if (header.reply()) handler_.on_reply(packet);
      return;
  }
}

void Link::shake(const proto::PacketView& packet) {
  const proto::PacketHeader& header = packet.header;
  if (header.type != proto::PacketType::servinfo) return;
  if (!header.reply()) {
    return refuse(StatusCode::wrong_password,
                  "the server refused the handshake without a status (B7): is a password missing?");
  }
  if (header.seqno != kHandshakeSeqno) return;  // B14
  if (header.status == kWrongPassword) {
    return refuse(StatusCode::wrong_password, "the server refused the password");
  }
  if (header.status != 0) {
    return refuse(StatusCode::bad_response,
                  "the server refused the handshake with status " + std::to_string(header.status));
  }
  Handshake answer{.info = packet.param, .mirrors_flags = header.tunnel()};
  if (packet.data.size() >= kIdBytes) answer.id = big_endian(packet.data.substr(0, kIdBytes));
  if (packet.data.size() >= kIdBytes + kQuickPortBytes) {
    answer.quick_port =
        static_cast<uint16_t>(big_endian(packet.data.substr(kIdBytes, kQuickPortBytes)));
  }
  state_ = State::ready;
  handler_.on_handshake(answer);
}

void Link::refuse(StatusCode code, std::string cause) {
  state_ = State::ended;
  handler_.on_handshake({.status = Status(code, std::move(cause))});
}

void Link::feed_datagram(std::span<const std::byte> bytes) {
  if (state_ != State::ready) return;
  proto::PacketView packet;
  if (proto::decode_datagram(bytes, packet) != proto::DecodeError::none) return;
  const proto::PacketType type = packet.header.type;
  if (type != proto::PacketType::publish && type != proto::PacketType::datagram) return;  // E5
  handler_.on_message(packet, Channel::quick);
}

}  // namespace ringroad::client
