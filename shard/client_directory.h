// client_directory.h — what any thread may know about the clients of one shard.
// Owner:  the shard.   Thread: publish/retire/set_authed: the shard's; read/for_each: any, no lock.
// Bound:  kSlotsMax clients; 44 KiB per kChunk slots, made when first used, kept until the end.
// Fails:  read() of a client that has left is nullopt; wrong use of a slot is our bug (CHECK).
// Why here: no method of the public API waits for another shard, so shards publish the answers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/address.h"

namespace ringroad::shard {

enum class Authed : uint8_t { no, yes };

struct ClientEntry {
  uint32_t wire_id = 0;  // 0: it has not shaken hands
  Authed authed = Authed::no;
  engine::Address address;
  uint16_t quick_port = 0;  // 0: announced none
  uint8_t priority = 0;

  bool active() const { return wire_id != 0; }
};

class ClientDirectory {
 public:
  static constexpr size_t kChunk = 1024;
  static constexpr size_t kChunksMax = 1024;
  static constexpr size_t kSlotsMax = kChunk * kChunksMax;

  /// Shows a client; the slot must be empty, or its last client retired.
  void publish(uint32_t slot, uint32_t generation, const ClientEntry& entry);
  /// It has shaken hands. 0 is no id.
  void activate(uint32_t slot, uint32_t wire_id, Authed authed, uint16_t quick_port);
  void retire(uint32_t slot);
  void set_authed(uint32_t slot, Authed authed);
  void set_quick_port(uint32_t slot, uint16_t port);
  void set_priority(uint32_t slot, uint8_t priority);

  /// nullopt if that generation of the slot is not, or no longer, here.
  std::optional<ClientEntry> read(uint32_t slot, uint32_t generation) const;
  /// visit(slot, generation, ClientEntry) every client, active or not. Each is a true snapshot, all of them are
  /// not: one that comes or goes meanwhile may be missed.
  template <typename Visit>
  void for_each(Visit visit) const;

 private:
  static constexpr size_t kAddressWords = engine::Address::kCapacity / sizeof(uint32_t);
  static_assert(engine::Address::kCapacity % sizeof(uint32_t) == 0);

  enum class State : uint32_t { empty, here, here_authed };

  /// A seqlock whose data are atomics, so that a torn read is a repeated read and never a race.
  /// Writer: sequence odd, then every word by a release store, then sequence even by one.
  /// Reader: sequence, every word, all by acquire loads, then sequence again.
  /// Even sequence (release) -> first load (acquire): the words are at least as new as it.
  /// A word (release) -> its load (acquire): who saw a newer word also sees the odd sequence that
  /// was written before it, at the latest by his second load; he repeats.
  struct Slot {
    std::atomic<uint32_t> sequence{0};
    std::atomic<State> state{State::empty};
    std::atomic<uint32_t> generation{0};
    std::atomic<uint32_t> wire_id{0};
    std::atomic<uint16_t> quick_port{0};
    std::atomic<uint8_t> priority{0};
    std::array<std::atomic<uint32_t>, kAddressWords> address = {};
  };
  struct Chunk {
    std::array<Slot, kChunk> slots;
  };
  struct Snapshot {
    State state;
    uint32_t generation;
    ClientEntry entry;
  };

  static State state_of(Authed authed);
  Slot& slot_at(uint32_t slot);
  template <typename Write>
  static void update(Slot& slot, Write write);
  static Snapshot snapshot(const Slot& slot);
  static ClientEntry load_entry(const Slot& slot, State state);

  // Release store by publish(), acquire load by readers: who sees a chunk sees its slots made.
  std::array<std::atomic<const Chunk*>, kChunksMax> chunks_ = {};
  std::array<std::unique_ptr<Chunk>, kChunksMax> owned_;  // Shard's thread only.
};

template <typename Visit>
void ClientDirectory::for_each(Visit visit) const {
  for (uint32_t first = 0; first < kSlotsMax; first += kChunk) {
    const Chunk* chunk = chunks_[first / kChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    for (uint32_t i = 0; i < kChunk; ++i) {
      const Slot& slot = chunk->slots[i];
      // Saves reading the rest of it; a client that is there never looks empty meanwhile.
      if (slot.state.load(std::memory_order_acquire) == State::empty) continue;
      const Snapshot now = snapshot(slot);
      if (now.state != State::empty) visit(first + i, now.generation, now.entry);
    }
  }
}

}  // namespace ringroad::shard
