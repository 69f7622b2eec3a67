#include "tests/conform/broken_playground.h"

#include <memory>

namespace ringroad::conform {

BrokenPlayground::BrokenPlayground(const std::string& password, const Fault* fault)
    : playground_({.password = password}) {
  if (!playground_.listen("127.0.0.1:0").ok()) return;
  const std::string address = playground_.address();
  const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  meddler_ = std::make_unique<Meddler>(port, password, fault);
  publishing_ = std::thread([this] { publish_until_stopped(); });
  meddling_ = std::thread([this] { meddler_->run(); });
}

BrokenPlayground::~BrokenPlayground() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (publishing_.joinable()) publishing_.join();
  if (meddling_.joinable()) {
    meddler_->stop();
    meddling_.join();
  }
}

void BrokenPlayground::publish_until_stopped() {
  std::unique_lock lock(mutex_);
  auto next = std::chrono::steady_clock::now();
  while (!stop_.wait_until(lock, next, [this] { return stopping_; })) {
    [[maybe_unused]] const Status published = playground_.publish_round();
    next += tools::Playground::kRoundInterval;
  }
}

}  // namespace ringroad::conform
