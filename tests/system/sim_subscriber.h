// sim_subscriber.h — a scripted VSOA client on the simulator that knows what it must receive.
// Owner:  the test.
// Thread: the test's.
// Model:  the sets it may have at the server: the last acknowledged one and those it has asked
//         for since. A publish must arrive if all of them match, must not if none does, may
//         otherwise.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proto/packet.h"
#include "proto/packet_reader.h"
#include "proto/url.h"
#include "tests/sim/sim_peer.h"

namespace ringroad::testing {

class SimSubscriber {
 public:
  using Set = std::set<std::string>;

  SimSubscriber(sim::SimNetwork& network, const engine::Address& server) : peer_(network) {
    peer_.connect(server);
    send({.type = proto::PacketType::servinfo});
  }

  void send(const proto::PacketSpec& spec) {
    std::vector<std::byte> bytes(proto::packet_bytes(spec));
    proto::encode(spec, bytes);
    peer_.send(bytes);
  }

  void subscribe(const Set& urls) {
    Set next = sets_.back();
    next.insert(urls.begin(), urls.end());
    change(proto::PacketType::subscribe, urls, next);
  }
  void unsubscribe(const Set& urls) {
    Set next = sets_.back();
    for (const std::string& url : urls) next.erase(url);
    change(proto::PacketType::unsubscribe, urls, next);
  }
  void unsubscribe_all() {
    send({.type = proto::PacketType::unsubscribe});
    sets_.push_back({});
  }

  /// A message that is being published now: `source`'s `number`-th.
  void offer(uint32_t source, uint64_t number, const std::string& url) {
    offers_.push_back({source, number, url, acknowledged_});
  }

  /// What has come is judged; call it when the network is quiet. `gone`: publishers whose connection has ended, so that
  /// what they sent last may never have reached the server.
  void settle(const std::set<uint32_t>& gone) {
    read();
    for (const Offer& offer : offers_)
      judge(offer, gone.count(offer.source) > 0 ? Fate::may_arrive : Fate::must_arrive);
    offers_.clear();
    EXPECT_TRUE(unexpected_.empty()) << "a message nobody offered: " << *unexpected_.begin();
    if (ended()) return;
    EXPECT_EQ(acknowledged_ + 1, sets_.size()) << "a request was not answered";
    sets_.erase(sets_.begin(), sets_.end() - 1);
    acknowledged_ = 0;
  }

  void read() {
    const std::vector<std::byte> bytes = peer_.take();
    reader_.feed(bytes);
    proto::PacketView packet;
    auto outcome = reader_.next(packet);
    for (; outcome == proto::PacketReader::Outcome::packet; outcome = reader_.next(packet))
      on_packet(packet);
    EXPECT_NE(outcome, proto::PacketReader::Outcome::bad);
    reader_.drop_unread();
  }

  sim::SimPeer& peer() { return peer_; }
  /// Its connection is over: what it must have is a prefix of what it would have had.
  bool ended() const { return peer_.ended() || !peer_.open(); }
  uint32_t id() const { return id_; }
  uint64_t received() const { return received_; }
  bool stalled = false;
  uint64_t sent_datagrams = 0;

 private:
  struct Offer {
    uint32_t source;
    uint64_t number;
    std::string url;
    size_t first_set;  // of sets_: the oldest that may have applied
  };

  void change(proto::PacketType type, const Set& urls, const Set& next) {
    std::string list = "[";
    for (const std::string& url : urls) list += (list.size() > 1 ? ",\"" : "\"") + url + '"';
    list += ']';
    if (urls.size() == 1) {
      send({.type = type, .url = *urls.begin()});
    } else {
      send({.type = type, .param = list});
    }
    sets_.push_back(next);
  }

  void on_packet(const proto::PacketView& packet) {
    using proto::PacketType;
    if (packet.header.type == PacketType::servinfo) {
      ASSERT_EQ(packet.data.size(), 4U);
      for (const char byte : packet.data) id_ = id_ << 8 | static_cast<uint8_t>(byte);
    } else if (packet.header.type == PacketType::subscribe ||
               packet.header.type == PacketType::unsubscribe) {
      EXPECT_EQ(packet.header.status, 0);
      ++acknowledged_;
    } else if (packet.header.type == PacketType::publish) {
      on_publish(packet);
    }
  }

  void on_publish(const proto::PacketView& packet) {
    ++received_;
    const std::string param(packet.param);
    const size_t dash = param.find('-');
    ASSERT_NE(dash, std::string::npos);
    const auto source = static_cast<uint32_t>(std::stoul(param));
    const uint64_t number = std::stoull(param.substr(dash + 1));
    // In order and once, per source.
    auto [last, first_ever] = last_.try_emplace(source, 0);
    EXPECT_TRUE(first_ever || number > last->second)
        << "out of order or doubled, source " << source;
    last->second = number;
    EXPECT_TRUE(arrived_.insert({source, number}).second);
    unexpected_.insert(param);
  }

  enum class Fate : uint8_t { must_arrive, may_arrive };

  void judge(const Offer& offer, Fate fate) {
    const bool arrived = arrived_.erase({offer.source, offer.number}) > 0;
    unexpected_.erase(std::to_string(offer.source) + "-" + std::to_string(offer.number));
    size_t matches = 0;
    for (size_t i = offer.first_set; i < sets_.size(); ++i) {
      const Set& set = sets_[i];
      matches += std::any_of(set.begin(), set.end(), [&](const std::string& s) {
        return proto::url_matches(s, offer.url);
      });
    }
    EXPECT_FALSE(arrived && matches == 0) << offer.url << " was not subscribed";
    if (matches == sets_.size() - offer.first_set && !arrived) {
      EXPECT_TRUE(ended() || fate == Fate::may_arrive)
          << "lost " << offer.source << "-" << offer.number << " " << offer.url;
      lost_.insert(offer.source);
    }
    // A connection that ended loses a tail per source, not a hole.
    EXPECT_FALSE(arrived && lost_.count(offer.source) > 0)
        << "a hole before " << offer.source << "-" << offer.number;
  }

  sim::SimPeer peer_;
  proto::PacketReader reader_;
  uint32_t id_ = 0;
  std::deque<Set> sets_ = {Set()};
  size_t acknowledged_ = 0;  // index into sets_
  std::deque<Offer> offers_;
  std::set<std::pair<uint32_t, uint64_t>> arrived_;
  std::set<std::string> unexpected_;
  std::map<uint32_t, uint64_t> last_;
  std::set<uint32_t> lost_;
  uint64_t received_ = 0;
};

}  // namespace ringroad::testing
