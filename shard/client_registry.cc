#include "shard/client_registry.h"

#include <unistd.h>

#include <optional>

#include "base/check.h"

namespace ringroad::shard {

uint32_t ClientRegistry::activate(Session& session) {
  const uint32_t wire_id = free_wire_id();
  const uint32_t slot = session.key().handle.slot;
  by_wire_id_.add(wire_id, slot);
  directory_.activate(slot, wire_id, session.authed(), session.quick_port());
  return wire_id;
}

void ClientRegistry::remove(ShardClient& client) {
  Session& session = client.session();
  const base::SlotHandle handle = session.key().handle;
  if (session.wire_id() != 0) by_wire_id_.remove(session.wire_id());
  directory_.retire(handle.slot);
  clients_.erase(handle);
}

Session* ClientRegistry::find_wire_id(uint32_t wire_id) {
  const std::optional<uint32_t> slot = by_wire_id_.find(wire_id);
  return slot.has_value() ? &clients_.at_slot(*slot)->session() : nullptr;
}

uint32_t ClientRegistry::free_wire_id() {
  // More ids than clients by three orders of magnitude: a few tries at most.
  for (;;) {
    const uint32_t wire_id = random() / shards_ * shards_ + shard_;
    if (wire_id % shards_ == shard_ && wire_id != 0 && !by_wire_id_.find(wire_id)) return wire_id;
  }
}

uint32_t ClientRegistry::random() {
  if (random_left_ == 0) {
    CHECK(::getentropy(random_.data(), sizeof(random_)) == 0);
    random_left_ = random_.size();
  }
  return random_[--random_left_];
}

}  // namespace ringroad::shard
