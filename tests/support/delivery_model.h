// delivery_model.h — what one client of a Fanout must have received, by the plain reading of the
// rules: a list of what it was offered, and one look at each packet that came.
// Owner:  the test.   Thread: one.
// Rules:  whole, once; a packet comes in its place, and the place of a publish that replaced others
//         is that of the oldest of them; nothing is replaced across an ordered packet, nor unless
//         more than a quarter of the bound was waiting for a client that conflates.
// Packets: each has its number as its seqno; publishes have a URL, ordered packets have none.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "proto/packet.h"
#include "tests/support/slice_text.h"

namespace ringroad::test {

class DeliveryModel {
 public:
  using Packet = std::shared_ptr<const std::string>;

  static Packet encoded(const proto::PacketSpec& spec) {
    std::string bytes(proto::packet_bytes(spec), '\0');
    proto::encode(spec, std::as_writable_bytes(std::span<char>(bytes)));
    return std::make_shared<const std::string>(std::move(bytes));
  }

  void offer(const std::string& url, Packet packet) {
    offered_bytes_ += packet->size();
    items_.push_back({url, std::move(packet)});
  }
  void offer_ordered(Packet packet) { offer({}, std::move(packet)); }

  /// It lags and conflates: what has not arrived may be replaced.
  void let_replace() {
    exact_ = false;
    for (Item& item : items_) item.replaceable = true;
  }
  /// Nothing was ever let_replace()d: what waits is what was offered and has not left.
  bool exact() const { return exact_; }
  size_t offered_bytes() const { return offered_bytes_; }
  uint64_t replaced() const { return replaced_; }

  /// Judges what came since the last time; `received` is all that ever came.
  void read(std::string_view received) {
    while (!::testing::Test::HasFailure()) {
      const auto bytes = bytes_of(received.substr(read_bytes_));
      proto::PacketHeader header;
      if (bytes.size() < base::kHeaderBytes) return;
      ASSERT_EQ(proto::decode_header(bytes, header), proto::DecodeError::none);
      if (bytes.size() < header.total_bytes()) return;
      take(received.substr(read_bytes_, header.total_bytes()));
      read_bytes_ += header.total_bytes();
    }
  }
  /// Nothing waits any more: what has not arrived was replaced by what has.
  void expect_all(std::string_view received) {
    read(received);
    EXPECT_EQ(read_bytes_, received.size()) << "a packet was cut";
    for (const Item& item : items_) expect_replaced(item);
    items_.clear();
    passed_.clear();
  }

 private:
  struct Item {
    std::string url;  // empty: ordered
    Packet packet;
    bool replaceable = false;
  };

  /// `packet` is the next that came. Its place is the oldest item of its URL; what stands before
  /// that can only be what others replaced, and those come no more.
  void take(std::string_view packet) {
    while (!items_.empty()) {
      Item first = std::move(items_.front());
      items_.pop_front();
      const auto later = passed_.find(first.packet.get());
      if (later != passed_.end()) {  // it came in an older one's place, or was replaced with that
        passed_.erase(later);
        continue;
      }
      if (*first.packet == packet) return;
      replace(first, packet);
      return;
    }
    ADD_FAILURE() << "a packet that nobody offered, or twice";
  }

  /// `packet` came in the place of `first`: it must be a later one of the same URL before the next
  /// ordered packet; all in between are replaced.
  void replace(const Item& first, std::string_view packet) {
    ASSERT_FALSE(first.url.empty()) << "an ordered packet was lost or overtaken";
    ASSERT_TRUE(first.replaceable) << "lost " << first.url;
    ++replaced_;
    for (const Item& item : items_) {
      ASSERT_FALSE(item.url.empty()) << "replaced across an ordered packet, or lost " << first.url;
      if (item.url != first.url || passed_.count(item.packet.get()) > 0) continue;
      passed_.insert(item.packet.get());
      if (*item.packet == packet) return;
      ASSERT_TRUE(item.replaceable) << "lost " << item.url;
      ++replaced_;
    }
    ADD_FAILURE() << "not what may come in the place of " << first.url;
  }

  void expect_replaced(const Item& item) {
    EXPECT_TRUE(passed_.count(item.packet.get()) > 0) << "never came: " << item.url;
  }

  std::deque<Item> items_;               // offered, not yet taken or replaced, in order
  std::set<const std::string*> passed_;  // of items_: those that came or were replaced early
  size_t offered_bytes_ = 0;
  size_t read_bytes_ = 0;
  uint64_t replaced_ = 0;
  bool exact_ = true;
};

}  // namespace ringroad::test
