#include <array>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "shard/server_core.h"

namespace ringroad {

std::vector<RemoteClient> ServerCore::clients(Server::Clients which) {
  std::array<std::vector<RemoteClient>, base::kPriorities> by_priority;
  if (!running()) return {};
  for (const auto& shard : shards_) {
    shard->directory().for_each(
        [&](uint32_t slot, uint32_t generation, const shard::ClientEntry& entry) {
          if (which == Server::Clients::active && !entry.active()) return;
          const shard::ClientKey key{shard->index(), {slot, generation}};
          by_priority[entry.priority].emplace_back(weak_from_this(), key.packed(), entry.wire_id);
        });
  }
  std::vector<RemoteClient> all = std::move(by_priority.back());
  for (size_t priority = base::kPriorities - 1; priority-- > 0;) {
    std::move(by_priority[priority].begin(), by_priority[priority].end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace ringroad
