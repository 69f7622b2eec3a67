// client_registry.h — the clients of one shard: by slot, by key, by client id.
// Owner:  Shard.
// Thread: the shard's; directory(): any.
// Bound:  the shard's clients_per_shard_max, checked by the shard before add().
// Why here: client ids are unpredictable, never 0, unique among live ones, and id % shards names
//         the owning shard, so that the kernel can steer quick datagrams by it (W19).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/slot_map.h"
#include "shard/client_directory.h"
#include "shard/client_key.h"
#include "shard/shard_client.h"
#include "shard/wire_id_table.h"

namespace ringroad::shard {

class ClientRegistry {
 public:
  ClientRegistry(uint32_t shard, uint32_t shards) : shard_(shard), shards_(shards) {}

  /// Shows it in the directory, without an id.
  template <typename... Args>
  ShardClient& add(Args&&... args) {
    const base::SlotHandle handle = clients_.emplace(std::forward<Args>(args)...);
    ShardClient& client = *clients_.find(handle);
    client.session().set_key({shard_, handle});
    directory_.publish(handle.slot, handle.generation, {.address = client.session().peer()});
    return client;
  }
  /// Gives the session a client id; the directory shows it as active from now on.
  uint32_t activate(Session& session);
  /// Destroys the client.
  void remove(ShardClient& client);

  ShardClient* find(ClientKey key) {
    return key.shard == shard_ ? clients_.find(key.handle) : nullptr;
  }
  Session* find_wire_id(uint32_t wire_id);
  template <typename Visit>
  void for_each(Visit visit) {
    clients_.for_each([&visit](base::SlotHandle, ShardClient& client) { visit(client); });
  }
  size_t size() const { return clients_.size(); }

  ClientDirectory& directory() { return directory_; }
  const ClientDirectory& directory() const { return directory_; }

 private:
  uint32_t free_wire_id();
  uint32_t random();

  const uint32_t shard_;
  const uint32_t shards_;
  base::SlotMap<ShardClient> clients_;
  WireIdTable by_wire_id_;  // active ones
  // From the kernel, many at a time: std::random_device asks the processor for each, which may take
  // longer than all the rest of a handshake.
  std::array<uint32_t, 64> random_;
  size_t random_left_ = 0;
  ClientDirectory directory_;
};

}  // namespace ringroad::shard
