// session_fuzz.cc — whatever a client sends, and whatever else happens meanwhile: it gets valid
// VSOA packets, its queue keeps its bound, a healthy client loses nothing, and nothing is left.
// Input: byte 0: how the shard is set up; then events: a byte each, and what they take.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "tests/support/fake_session_host.h"
#include "tests/support/slice_text.h"

namespace {

using namespace ringroad;  // NOLINT: a test program
using proto::PacketType;
using shard::FakeClient;
using shard::FakeHost;

constexpr std::array<std::string_view, 8> kUrls = {"/", "/a", "/a/", "/a/b", "/r/x", "", "a", "//"};
constexpr std::array<std::string_view, 8> kParams = {
    "",   R"({"passwd":"p"})", R"({"passwd":"q"})", R"(["/a","/a/b"])", R"(["/",5])",
    "[]", "{not json",         R"(["a"])"};
constexpr std::array<PacketType, 8> kTypes = {
    PacketType::servinfo, PacketType::rpc,      PacketType::subscribe, PacketType::unsubscribe,
    PacketType::datagram, PacketType::pingecho, PacketType::noop,      PacketType::publish};
constexpr std::array<size_t, 4> kSizes = {0, 10, 5'000, 200'000};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  std::string_view bytes(size_t count) {
    const std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(front.size());
    return front;
  }

 private:
  std::string_view rest_;
};

shard::SessionConfig config_of(uint8_t setup) {
  return {.info = (setup & 1) != 0 ? std::string(kSizes[setup >> 4 & 3], '1') : std::string(),
          .relay_prefix = (setup & 4) != 0 ? "/r/" : "",
          .queue_bytes_max = base::kQueueBytesMin,
          .refusal = (setup & 8) != 0 ? shard::SessionConfig::Refusal::retry
                                      : shard::SessionConfig::Refusal::close};
}

class Run {
 public:
  explicit Run(uint8_t setup)
      : password_((setup & 2) != 0 ? "p" : ""), host_(config_of(setup), password_) {
    healthy_.send({.type = PacketType::subscribe, .url = "/"});
    host_.on_call = [this](shard::Session& session, const proto::PacketView& packet) {
      if (packet.url == "/a/b") return false;
      if (packet.header.seqno == 0) return true;  // answered later, or never (F5)
      if (packet.header.set()) publish("/a", kSizes[packet.header.seqno % 4] / 8);
      const std::string data(kSizes[packet.header.seqno / 4 % 4], 'r');
      (void)session.reply(packet.header.seqno, {.data = data});
      return true;
    };
  }

  void step(Input& input) {
    const uint8_t event = input.byte();
    switch (event % 8) {
      case 0:
        client_.send(input.bytes(event / 8));
        break;
      case 1:
      case 2:
      case 3:
        client_.send(packet_of(input));
        break;
      case 4:
        publish(kUrls[event / 8 % 5], kSizes[event >> 6]);
        break;
      case 5:
        host_.advance(std::chrono::milliseconds(event / 8 * 3));
        break;
      case 6:
        client_.take(event / 8 * size_t{997});
        break;
      default:
        other(event / 8);
        break;
    }
    end_turn(event);
  }

  void finish() {
    client_.reads = true;
    host_.relay_room = true;
    for (int i = 0; i < 1'000 && (client_.paused() || client_.sending() || i < 3); ++i) {
      host_.settle();
      host_.retry_relay();
      host_.advance(std::chrono::milliseconds(60));
    }
    host_.settle();
    CHECK(!client_.open() || client_.pending_bytes() == 0);
    if (client_.open()) (void)client_.received();
    check_sends();
    CHECK(healthy_.open());
    CHECK(healthy_publishes() == publishes_);
  }

 private:
  std::string packet_of(Input& input) {
    const uint8_t what = input.byte();
    const uint8_t more = input.byte();
    const std::string data(more >> 6 == 3 ? 1'000 : 0, 'd');
    const bool set = (what & 0x40) != 0;
    return shard::encoded(
        {.type = kTypes[what % 8],
         .flags = static_cast<uint8_t>((set ? proto::kFlagSet : 0) | ((what & 0x80) != 0 ? 2 : 0)),
         .seqno = more,
         .tunnel_id = static_cast<uint16_t>((what & 0x80) != 0 ? 1 + more : 0),
         .url = kUrls[what >> 3 & 7],
         .param = kParams[more & 7],
         .data = data});
  }

  void publish(std::string_view url, size_t bytes) {
    ++publishes_;
    host_.publish(url, std::string(bytes, 'p'));
  }

  void other(int what) {
    shard::Session& session = client_.session();
    switch (what % 16) {
      case 0:
        return session.set_authed(shard::Authed::no);
      case 1:
        return session.set_authed(shard::Authed::yes);
      case 2:
        host_.relay_room = !host_.relay_room;
        return;
      case 3:
        return host_.retry_relay();
      case 4:
        client_.reads = !client_.reads;
        return;
      case 5:
        (void)session.reply(1, {.param = "1"});
        return;
      case 6:
        return session.send_encoded(test::bytes_of(kLateReply));
      case 7:
        (void)session.datagram("/d", {.data = "d"}, Channel::normal);
        return;
      case 8:
        return client_.send_quick({.type = PacketType::datagram, .url = "/r/x"});
      case 9:
        return host_.publish("/a", "quick", Channel::quick);
      case 12:
        return session.set_priority(0);
      case 13:
        return session.set_priority(7);
      case 14:
        (void)session.reply(0, {});  // F5: that may be what a QOSSETUP waits for
        return;
      case 15:
        return host_.advance(std::chrono::seconds(61));  // or that
      case 10:
        return client_.close_after_flush(engine::CloseCause::application);
      default:
        return client_.hang_up();
    }
  }

  void end_turn(uint8_t event) {
    if ((event & 0x80) != 0) {
      host_.settle();
    } else {
      host_.flush((event & 0x40) != 0 ? SIZE_MAX : 1);
    }
    while (healthy_.pending_bytes() > 0 || healthy_.sending()) {
      healthy_.take(SIZE_MAX);
      host_.flush();
    }
    CHECK(client_.pending_bytes() <= host_.config().queue_bytes_max);
    CHECK(client_.session().held_bytes() <= base::kPacketBytesMax);
    CHECK(host_.counters().held_bytes.get() >= client_.session().held_bytes());
    const shard::Fanout::Stats& stats = host_.fanout().stats();
    CHECK(stats.offered.get() == stats.sent.get() + stats.dropped.get() +
                                     host_.fanout().pending_packets(client_.session()) +
                                     host_.fanout().pending_packets(healthy_.session()));
  }

  /// B15: a SERVINFO reply is alone in its send; and every send is whole packets.
  void check_sends() {
    for (const std::string& send : client_.sends) {
      const auto packets = shard::split(send);
      for (const proto::OwnedPacket& packet : packets)
        CHECK(packet.type != 0 || packets.size() == 1);
    }
  }
  size_t healthy_publishes() {
    size_t count = 0;
    for (const proto::OwnedPacket& packet : healthy_.received()) count += packet.type == 4 ? 1 : 0;
    return count - host_.relayed_normal();
  }

  static inline const std::string kLateReply =
      shard::encoded({.type = PacketType::rpc, .flags = proto::kFlagReply, .seqno = 2});

  const std::string password_;
  FakeHost host_;
  FakeClient& healthy_ = host_.connect_active(password_);
  FakeClient& client_ = host_.connect();
  size_t publishes_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::set_log_level(base::LogLevel::off);
  Input input(data, size);
  Run run(input.byte());
  while (!input.empty()) run.step(input);
  run.finish();
  return 0;
}
