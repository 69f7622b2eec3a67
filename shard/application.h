// application.h — what the user of the server registered, as a shard sees it.
// Thread: called by every shard's thread, for different clients at the same time.
// Fails:  handlers may throw; the implementation catches, counts and logs.
#pragma once

#include <string>
#include <vector>

#include "proto/packet.h"
#include "ringroad/payload.h"
#include "shard/session.h"

namespace ringroad::shard {

enum class Presence : uint8_t { connected, disconnected };

class Application {
 public:
  /// False: no handler takes this URL.
  virtual bool call(Session& session, const proto::PacketView& packet) = 0;
  virtual void data(const Session& session, const proto::PacketView& packet, Channel channel) = 0;
  virtual void presence(const Session& session, Presence presence) = 0;
  virtual void subscriptions(const Session&, SubscriptionChange, const std::vector<std::string>&) {}

 protected:
  ~Application() = default;
};

}  // namespace ringroad::shard
