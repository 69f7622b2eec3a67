#include "shard/quick_channel.h"

#include "proto/packet.h"

namespace ringroad::shard {

void QuickChannel::send(const Session& session, std::span<const std::byte> packet) {
  const engine::Address to = session.peer().with_port(session.quick_port());
  if (datagram_.send(packet, to, session.local())) {
    counters_.quick_sent.add();
  } else {
    counters_.quick_dropped.add();
  }
}

void QuickChannel::on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                               const engine::Address&) {
  proto::PacketView packet;
  if (proto::decode_datagram(bytes, packet) != proto::DecodeError::none)
    return counters_.quick_malformed.add();  // E7
  counters_.messages_in.add();
  counters_.bytes_in.add(bytes.size());
  if (packet.header.type != proto::PacketType::datagram || packet.header.reply()) return;  // E5, E6
  Session* session = clients_.find_wire_id(packet.header.seqno);
  if (session == nullptr || !session->active()) return counters_.datagrams_refused.add();  // E4
  if (!source_fits(*session, from)) return counters_.quick_spoofed.add();                  // W19
  session->on_quick(packet);
}

bool QuickChannel::source_fits(const Session& session, const engine::Address& from) const {
  if (!session.peer().same_ip(from)) return false;
  if (config_.quick_source == SessionConfig::QuickSource::any_port) return true;
  return session.quick_port() == 0 || session.quick_port() == from.port();  // E2, E3
}

}  // namespace ringroad::shard
