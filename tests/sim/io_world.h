// io_world.h — several Ios that can reach each other, on the kernel or in the simulator, behind one
// way to run them.
// Thread: the test's; all Ios of a world run in it, one after the other.
// Fails:  a world that cannot work here is null, with the cause.
// Why here: one suite for all back-ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/io.h"

namespace ringroad::sim {

class IoWorld {
 public:
  virtual ~IoWorld() = default;

  virtual engine::Io& io(size_t index) = 0;
  /// Collects and runs what is due, for every Io; time passes. `timeout` bounds how much.
  virtual void turn(engine::Duration timeout) = 0;
  /// True for threads and the kernel; false if one seed decides everything.
  virtual bool real() const = 0;

  /// False if `done` has not come true within a generous bound.
  bool run_until(const std::function<bool()>& done);
  /// Turns until what was going to happen has happened.
  void settle();
};

struct WorldOptions {
  size_t ios = 3;
  uint64_t seed = 1;
  uint16_t receive_buffers = 64;   // per Io
  uint32_t no_buffer_percent = 0;  // simulator: receives that end with -ENOBUFS for no reason
};

struct WorldResult {
  std::unique_ptr<IoWorld> world;
  std::string cause;  // why there is none
};

WorldResult make_uring_world(const WorldOptions& options);
/// Accepted sockets have no descriptors (UringOptions::direct_slots).
WorldResult make_direct_uring_world(const WorldOptions& options);
WorldResult make_sim_world(const WorldOptions& options);

}  // namespace ringroad::sim
