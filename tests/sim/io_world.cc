#include "tests/sim/io_world.h"

#include <chrono>
#include <utility>
#include <vector>

#include "engine/uring_io.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::sim {
namespace {

using engine::Completed;
using engine::Duration;
using engine::Io;

/// Collects once and runs all of it. True if there was anything.
bool run_due(Io& io, Duration timeout) {
  std::vector<Completed> completed;
  io.wait(timeout, completed);
  for (Completed& item : completed) {
    Completed moved = std::move(item);
    moved.completion->run(moved.event);
  }
  return !completed.empty();
}

class UringWorld final : public IoWorld {
 public:
  explicit UringWorld(std::vector<std::unique_ptr<engine::UringIo>> ios) : ios_(std::move(ios)) {}

  Io& io(size_t index) override { return *ios_.at(index); }
  bool real() const override { return true; }
  void turn(Duration timeout) override {
    bool busy = false;
    for (auto& io : ios_) busy = run_due(*io, Duration::zero()) || busy;
    if (!busy) run_due(*ios_[next_++ % ios_.size()], timeout);
  }

 private:
  std::vector<std::unique_ptr<engine::UringIo>> ios_;
  size_t next_ = 0;
};

class SimWorld final : public IoWorld {
 public:
  SimWorld(const SimOptions& options, size_t ios) : network_(options) {
    for (size_t i = 0; i < ios; ++i) ios_.push_back(std::make_unique<SimIo>(network_));
  }

  Io& io(size_t index) override { return *ios_.at(index); }
  bool real() const override { return false; }
  void turn(Duration timeout) override {
    bool busy = false;
    for (size_t i = 0; i < ios_.size(); ++i) {
      busy = run_due(*ios_[network_.random().below(ios_.size())], Duration::zero()) || busy;
    }
    if (busy) return;
    const auto next = network_.next_event();
    if (next.has_value() && *next <= network_.now() + timeout) {
      network_.step();
    } else {
      network_.advance(timeout);
    }
  }

 private:
  SimNetwork network_;
  std::vector<std::unique_ptr<SimIo>> ios_;
};

}  // namespace

bool IoWorld::run_until(const std::function<bool()>& done) {
  const auto limit = io(0).now() + std::chrono::seconds(30);
  while (!done()) {
    if (io(0).now() > limit) return false;
    turn(std::chrono::milliseconds(1));
  }
  return true;
}

void IoWorld::settle() {
  const auto limit = io(0).now() + std::chrono::milliseconds(20);
  while (io(0).now() < limit) turn(std::chrono::milliseconds(1));
}

namespace {

WorldResult uring_world(const WorldOptions& options, uint32_t direct_slots) {
  std::vector<std::unique_ptr<engine::UringIo>> ios;
  for (size_t i = 0; i < options.ios; ++i) {
    engine::UringOptions uring;
    uring.receive_buffers = options.receive_buffers;
    uring.direct_slots = direct_slots;
    Result<std::unique_ptr<engine::UringIo>> io = engine::UringIo::create(uring);
    if (!io.ok()) return {nullptr, io.status().message()};
    ios.push_back(std::move(*io));
  }
  return {std::make_unique<UringWorld>(std::move(ios)), ""};
}

}  // namespace

WorldResult make_uring_world(const WorldOptions& options) {
  return uring_world(options, 0);
}

WorldResult make_direct_uring_world(const WorldOptions& options) {
  return uring_world(options, 64);
}

WorldResult make_sim_world(const WorldOptions& options) {
  SimOptions sim;
  sim.seed = options.seed;
  sim.no_buffer_percent = options.no_buffer_percent;
  sim.refused_percent = 0;  // the suite sends one after the other, and all of it
  sim.no_release_percent = 0;
  sim.release_delay_max = std::chrono::milliseconds(2);
  sim.receive_buffers = options.receive_buffers;
  sim.datagram_buffers = 64;  // as UringIo: tests of addresses do not arm again
  return {std::make_unique<SimWorld>(sim, options.ios), ""};
}

}  // namespace ringroad::sim
