// broken_playground.h — a playground with one fault, or with none.
// Owner:  a test, or broken_playground_main.cc.
// Thread: two of its own: one publishes, one meddles.
// Fails:  valid() is false if it could not listen.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "tests/conform/meddler.h"
#include "tools/playground.h"

namespace ringroad::conform {

class BrokenPlayground {
 public:
  BrokenPlayground(const std::string& password, const Fault* fault);
  ~BrokenPlayground();
  BrokenPlayground(const BrokenPlayground&) = delete;
  BrokenPlayground& operator=(const BrokenPlayground&) = delete;

  bool valid() const { return meddler_ != nullptr && meddler_->valid(); }
  std::string url() const { return "vsoa://127.0.0.1:" + std::to_string(meddler_->port()); }

 private:
  void publish_until_stopped();

  tools::Playground playground_;
  std::unique_ptr<Meddler> meddler_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread publishing_;
  std::thread meddling_;
};

}  // namespace ringroad::conform
