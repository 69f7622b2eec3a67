// Property: read() and for_each() show what was published last for a slot, whole, and nothing of a
//           client that has left; from any thread.
// Method: examples on one thread; a writer that reuses slots with entries whose fields follow from
//         the generation, and readers that check that the fields belong together.
#include "shard/client_directory.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace ringroad::shard {
namespace {

// Every byte of it follows from `number`, so that a mixture is seen.
ClientEntry entry_of(uint32_t number) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<uint16_t>(number));
  address.sin6_flowinfo = number;
  for (int i = 0; i < 4; ++i) std::memcpy(&address.sin6_addr.s6_addr[i * 4], &number, 4);
  address.sin6_scope_id = number;
  ClientEntry entry;
  entry.wire_id = number;
  entry.authed = number % 2 == 0 ? Authed::yes : Authed::no;
  std::memcpy(entry.address.data(), &address, sizeof(address));
  return entry;
}

bool same(const ClientEntry& a, const ClientEntry& b) {
  return a.wire_id == b.wire_id && a.authed == b.authed &&
         std::memcmp(a.address.data(), b.address.data(), engine::Address::kCapacity) == 0;
}

TEST(ClientDirectory, ReadsWhatWasPublished) {
  ClientDirectory directory;
  EXPECT_EQ(directory.read(5, 1), std::nullopt);
  directory.publish(5, 1, entry_of(10));
  ASSERT_TRUE(directory.read(5, 1).has_value());
  EXPECT_TRUE(same(*directory.read(5, 1), entry_of(10)));
  EXPECT_FALSE(directory.read(5, 2).has_value());
  EXPECT_FALSE(directory.read(6, 1).has_value());
  EXPECT_FALSE(directory.read(ClientDirectory::kSlotsMax, 1).has_value());
}

TEST(ClientDirectory, KeepsAnIpv4Address) {
  ClientDirectory directory;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(3005);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ClientEntry entry;
  std::memcpy(entry.address.data(), &address, sizeof(address));
  directory.publish(0, 1, entry_of(1));
  directory.retire(0);
  directory.publish(0, 2, entry);
  const auto read = directory.read(0, 2);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->address.family(), AF_INET);
  EXPECT_EQ(std::memcmp(read->address.data(), &address, sizeof(address)), 0);
}

TEST(ClientDirectory, AStaleGenerationIsGone) {
  ClientDirectory directory;
  directory.publish(0, 1, entry_of(1));
  directory.retire(0);
  EXPECT_FALSE(directory.read(0, 1).has_value());
  directory.publish(0, 2, entry_of(2));
  EXPECT_FALSE(directory.read(0, 1).has_value());
  EXPECT_TRUE(directory.read(0, 2).has_value());
}

TEST(ClientDirectory, SetsAuthed) {
  ClientDirectory directory;
  directory.publish(0, 1, entry_of(2));
  EXPECT_EQ(directory.read(0, 1)->authed, Authed::yes);
  directory.set_authed(0, Authed::no);
  EXPECT_EQ(directory.read(0, 1)->authed, Authed::no);
  EXPECT_EQ(directory.read(0, 1)->wire_id, 2U);
}

TEST(ClientDirectory, V14_BecomesActiveAndKeepsWhatItHad) {
  ClientDirectory directory;
  ClientEntry entry = entry_of(6);
  entry.wire_id = 0;
  entry.authed = Authed::no;
  directory.publish(3, 1, entry);
  directory.set_priority(3, 5);
  ASSERT_TRUE(directory.read(3, 1).has_value());
  EXPECT_FALSE(directory.read(3, 1)->active());
  for (const Authed authed : {Authed::yes, Authed::no}) {
    directory.activate(3, 6, authed, 4'000);
    const auto read = directory.read(3, 1);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->active());
    entry.wire_id = 6;
    entry.authed = authed;
    EXPECT_TRUE(same(*read, entry));
    EXPECT_EQ(read->quick_port, 4'000);
    EXPECT_EQ(read->priority, 5);
    directory.retire(3);
    entry.wire_id = 0;
    entry.authed = Authed::no;
    entry.priority = 5;
    directory.publish(3, 1, entry);
  }
}

TEST(ClientDirectory, VisitsEveryClient) {
  ClientDirectory directory;
  const std::vector<uint32_t> slots = {0, 1, ClientDirectory::kChunk,
                                       ClientDirectory::kSlotsMax - 1};
  for (const uint32_t slot : slots) directory.publish(slot, slot + 1, entry_of(slot));
  directory.publish(2, 1, entry_of(2));
  directory.retire(2);
  std::map<uint32_t, uint32_t> generations;
  directory.for_each([&](uint32_t slot, uint32_t generation, const ClientEntry& entry) {
    EXPECT_TRUE(same(entry, entry_of(slot)));
    EXPECT_TRUE(generations.emplace(slot, generation).second) << "visited twice: " << slot;
  });
  EXPECT_EQ(generations.size(), slots.size());
  for (const uint32_t slot : slots) EXPECT_EQ(generations[slot], slot + 1);
}

// While readers look, the writer gives one slot after the other to new clients. They share one
// generation, so that every look could show a mixture.
TEST(ClientDirectory, ReadersNeverSeeAMixture) {
  constexpr uint32_t kSlots = 16;  // those that span two cache lines show it best
  constexpr int kReaders = 2;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  const auto slot_of = [](uint32_t number) { return number / 64 % kSlots; };
  const auto directory = std::make_unique<ClientDirectory>();
  std::atomic<uint32_t> slot{0};
  std::atomic<int> torn{0};
  std::atomic<int> finished{0};
  directory->publish(0, 1, entry_of(0));
  std::vector<std::thread> readers;
  for (int id = 0; id < kReaders; ++id) {
    readers.emplace_back([&] {
      for (int i = 0; i % 1'000 != 0 || std::chrono::steady_clock::now() < end; ++i) {
        const auto entry = directory->read(slot.load(std::memory_order_relaxed), 1);
        if (entry && !same(*entry, entry_of(entry->wire_id))) ++torn;
      }
      directory->for_each([&](uint32_t, uint32_t, const ClientEntry& entry) {
        if (!same(entry, entry_of(entry.wire_id))) ++torn;
      });
      ++finished;
    });
  }
  for (uint32_t number = 1; finished < kReaders; ++number) {
    directory->retire(slot_of(number - 1));
    directory->publish(slot_of(number), 1, entry_of(number));
    slot.store(slot_of(number), std::memory_order_relaxed);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace ringroad::shard
