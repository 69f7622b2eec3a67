// syncer.h — a JSON object that clients read, change and follow under one URL (X3).
// Shape:  GET answers the object. SET changes it, answers success without a payload, and then the
//         URL is published with the whole object. Who wants to follow it subscribes, then gets.
// Thread: any. Requests and changes run one after the other on a thread of the syncer's own, so that
//         every subscriber gets the states in their order.
// Life:   made before listen(), and gone before its Server; requests are answered no_responding then.
// Fails:  values. A SET that is no JSON object like the target, or no array like it, is answered
//         arguments; one that would make it too large for a packet no_memory; nothing has changed
//         then, and nothing is published.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ringroad/payload.h"
#include "ringroad/server.h"
#include "ringroad/status.h"

namespace ringroad {

class SyncerCore;  // service/syncer.cc

class Syncer {
 public:
  /// Makes of `target` (JSON text) what `change` asks for, and answers success; or answers another
  /// status, and what it did to the target is undone.
  using Setter = std::function<ReplyStatus(const PayloadView& change, std::string& target)>;

  /// `target`: a JSON object or array. Without a setter a SET is merged into it: objects key by key,
  /// arrays element by element, anything else is replaced. invalid_argument: the URL, the target, or
  /// the server listens already.
  static Result<Syncer> bind(Server& server, std::string_view url, std::string target = "{}",
                             Setter setter = {});
  Syncer(Syncer&&) noexcept;
  Syncer& operator=(Syncer&&) noexcept;
  ~Syncer();

  /// The object as the last request left it.
  std::string target() const;
  /// The program's own change: puts `target` in its place, and publishes it, behind the requests that
  /// wait. invalid_argument: no JSON object or array, or too large; overloaded: too many wait.
  Status set(std::string target);
  /// States that were not published, because the server's shards were full for a second. The next
  /// one that is brings all of them.
  uint64_t publishes_lost() const;

 private:
  explicit Syncer(std::unique_ptr<SyncerCore> core);

  std::unique_ptr<SyncerCore> core_;
};

}  // namespace ringroad
