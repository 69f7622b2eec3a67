// link_recorder.h — a Link with a call table behind it, and a list of what it reported.
// Owner:  the test.   Thread: one.
// Why here: link tests and the fuzz target drive the same pair.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/call_table.h"
#include "client/link.h"
#include "engine/timer_wheel.h"
#include "proto/packet.h"

namespace ringroad::client {

struct RecordedHandshake {
  Status status = {};
  std::string info = {};
  std::optional<uint32_t> id = {};
  uint16_t quick_port = 0;
};

class LinkRecorder final : Link::Handler, CallTable::Host {
 public:
  LinkRecorder() = default;
  ~LinkRecorder() { calls.fail_all({StatusCode::cancelled, "end of the test"}); }

  /// A call that is recorded as "reply <status> <param>|<data>" or as the name of its failure.
  uint16_t call(proto::PacketType type = proto::PacketType::rpc) {
    const auto seqno = calls.add(type, std::chrono::seconds(60), [this](const Result<Reply>& r) {
      if (!r.ok()) return events.push_back("failed");
      events.push_back("reply " + std::to_string(static_cast<int>(r->status)) + " " +
                       r->payload.param + "|" + r->payload.data);
    });
    return seqno.value();
  }
  Status feed(std::string_view bytes) { return link.feed(std::as_bytes(std::span(bytes))); }
  void feed_datagram(std::string_view bytes) {
    link.feed_datagram(std::as_bytes(std::span(bytes)));
  }

  std::vector<RecordedHandshake> handshakes = {};
  std::vector<std::string> events =
      {};              // "publish <url> <param>|<data>", "quick datagram …", "reply …"
  size_t replies = 0;  // whether somebody waited or not
  CallTable calls{*this};
  Link link{*this};

 private:
  void on_handshake(const Handshake& answer) override {
    handshakes.push_back({answer.status, std::string(answer.info), answer.id, answer.quick_port});
  }
  void on_message(const proto::PacketView& packet, Channel channel) override {
    const bool publish = packet.header.type == proto::PacketType::publish;
    std::string event = channel == Channel::quick ? "quick " : "";
    event += publish ? "publish " : "datagram ";
    events.push_back(event.append(packet.url) + " " + std::string(packet.param) + "|" +
                     std::string(packet.data));
  }
  void on_reply(const proto::PacketView& packet) override {
    ++replies;
    (void)calls.complete(packet);
  }
  void on_priority(uint8_t priority) override {
    events.push_back("priority " + std::to_string(static_cast<int>(priority)));
  }
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    wheel_.start(timer, {}, delay);
  }
  void stop_timer(engine::Timer& timer) override { wheel_.stop(timer); }
  void on_call_ended() override {}

  engine::TimerWheel wheel_{engine::TimePoint()};
};

}  // namespace ringroad::client
