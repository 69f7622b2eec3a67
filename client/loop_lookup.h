// loop_lookup.h — a Lookup on a loop: its socket, its timer, and the address to connect to.
// Owner:  Session while it looks up; SessionLoop from then until closed().   Thread: the loop's.
// Life:   start() -> on_lookup(), or stop() by the owner; closed() some turns later.
// Bound:  one open socket; what comes does not make a try longer. Those before it close meanwhile.
// Fails:  on_lookup() with not_found and the cause; unsupported: the server wants TLS;
//         resource_exhausted: this process has no socket for it.
// Why here: a client asks again whenever it connects, so that it follows a name that moves.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/lookup.h"
#include "engine/address.h"
#include "engine/datagram.h"
#include "engine/loop.h"
#include "engine/timer_wheel.h"

namespace ringroad::client {

class LoopLookup final : engine::Datagram::Handler {
 public:
  /// Nothing here may destroy the lookup.
  class Handler {
   public:
    /// Once, after start() has returned. `server`: where to connect.
    virtual void on_lookup(const Result<engine::Address>& server) = 0;

   protected:
    ~Handler() = default;
  };

  LoopLookup(engine::Loop& loop, Handler& handler, std::string name, Lookup lookup);
  ~LoopLookup();  ///< Must be closed().

  void start();
  /// The handler hears nothing more. Again, or after the end: nothing.
  void stop();
  /// No kernel operation is out, no socket open: may be destroyed.
  bool closed() const;
  /// There is no time left.
  Status overdue(std::chrono::milliseconds limit) const;

 private:
  void on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                   const engine::Address& to) override;
  void on_error(int error) override;

  void drive(Lookup::Step step);
  Status open();
  Status send();
  void on_timer();
  Result<engine::Address> address() const;

  engine::Loop& loop_;
  Handler* handler_;  // null: stopped
  const std::string name_;
  Lookup lookup_;
  bool ended_ = false;                                      // there is a result
  std::vector<std::unique_ptr<engine::Datagram>> sockets_;  // the last one is in use
  engine::Timer timer_ = engine::Timer::bind<&LoopLookup::on_timer>(this);
};

/// Not yet started; asks the servers of this moment, so that all fit into `time`. not_found: there is
/// none to ask.
Result<std::unique_ptr<LoopLookup>> make_lookup(engine::Loop& loop, LoopLookup::Handler& handler,
                                                const std::string& name,
                                                std::chrono::milliseconds time);

}  // namespace ringroad::client
