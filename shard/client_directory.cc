#include "shard/client_directory.h"

#include <cstring>
#include <thread>

#include "base/check.h"

namespace ringroad::shard {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

}  // namespace

void ClientDirectory::publish(uint32_t slot, uint32_t generation, const ClientEntry& entry) {
  CHECK(slot < kSlotsMax);
  std::unique_ptr<Chunk>& chunk = owned_[slot / kChunk];
  if (chunk == nullptr) {
    chunk = std::make_unique<Chunk>();
    chunks_[slot / kChunk].store(chunk.get(), kRelease);
  }
  std::array<uint32_t, kAddressWords> address = {};
  std::memcpy(address.data(), entry.address.data(), entry.address.size());
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) == State::empty);
  update(target, [&] {
    target.state.store(state_of(entry.authed), kRelease);
    target.generation.store(generation, kRelease);
    target.wire_id.store(entry.wire_id, kRelease);
    target.quick_port.store(entry.quick_port, kRelease);
    target.priority.store(entry.priority, kRelease);
    for (size_t i = 0; i < kAddressWords; ++i) target.address[i].store(address[i], kRelease);
  });
}

void ClientDirectory::activate(uint32_t slot, uint32_t wire_id, Authed authed,
                               uint16_t quick_port) {
  CHECK(wire_id != 0);
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) != State::empty);
  CHECK(target.wire_id.load(kRelaxed) == 0);
  update(target, [&] {
    target.state.store(state_of(authed), kRelease);
    target.wire_id.store(wire_id, kRelease);
    target.quick_port.store(quick_port, kRelease);
  });
}

void ClientDirectory::retire(uint32_t slot) {
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) != State::empty);
  update(target, [&] { target.state.store(State::empty, kRelease); });
}

void ClientDirectory::set_authed(uint32_t slot, Authed authed) {
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) != State::empty);
  update(target, [&] { target.state.store(state_of(authed), kRelease); });
}

std::optional<ClientEntry> ClientDirectory::read(uint32_t slot, uint32_t generation) const {
  if (slot >= kSlotsMax) return std::nullopt;
  const Chunk* chunk = chunks_[slot / kChunk].load(kAcquire);
  if (chunk == nullptr) return std::nullopt;
  const Snapshot now = snapshot(chunk->slots[slot % kChunk]);
  if (now.state == State::empty || now.generation != generation) return std::nullopt;
  return now.entry;
}

void ClientDirectory::set_quick_port(uint32_t slot, uint16_t port) {
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) != State::empty);
  update(target, [&] { target.quick_port.store(port, kRelease); });
}

void ClientDirectory::set_priority(uint32_t slot, uint8_t priority) {
  Slot& target = slot_at(slot);
  CHECK(target.state.load(kRelaxed) != State::empty);
  update(target, [&] { target.priority.store(priority, kRelease); });
}

ClientDirectory::State ClientDirectory::state_of(Authed authed) {
  return authed == Authed::yes ? State::here_authed : State::here;
}

ClientDirectory::Slot& ClientDirectory::slot_at(uint32_t slot) {
  CHECK(slot < kSlotsMax);
  Chunk* chunk = owned_[slot / kChunk].get();
  CHECK(chunk != nullptr);
  return chunk->slots[slot % kChunk];
}

template <typename Write>
void ClientDirectory::update(Slot& slot, Write write) {
  const uint32_t sequence = slot.sequence.load(kRelaxed);
  CHECK(sequence % 2 == 0);
  slot.sequence.store(sequence + 1, kRelaxed);  // made visible by the release stores of write()
  write();
  slot.sequence.store(sequence + 2, kRelease);
}

ClientDirectory::Snapshot ClientDirectory::snapshot(const Slot& slot) {
  for (;;) {
    const uint32_t before = slot.sequence.load(kAcquire);
    Snapshot now;
    now.state = slot.state.load(kAcquire);
    now.generation = slot.generation.load(kAcquire);
    now.entry = load_entry(slot, now.state);
    const uint32_t after = slot.sequence.load(kRelaxed);  // not before the acquire loads above
    if (before == after && before % 2 == 0) return now;
    std::this_thread::yield();  // the writer needs a few ns, or has lost its core
  }
}

ClientEntry ClientDirectory::load_entry(const Slot& slot, State state) {
  std::array<uint32_t, kAddressWords> address;
  for (size_t i = 0; i < kAddressWords; ++i) address[i] = slot.address[i].load(kAcquire);
  ClientEntry entry;
  entry.wire_id = slot.wire_id.load(kAcquire);
  entry.quick_port = slot.quick_port.load(kAcquire);
  entry.priority = slot.priority.load(kAcquire);
  entry.authed = state == State::here_authed ? Authed::yes : Authed::no;
  std::memcpy(entry.address.data(), address.data(), sizeof(address));
  return entry;
}

}  // namespace ringroad::shard
