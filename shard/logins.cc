#include "shard/logins.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringroad::shard {
namespace {

/// Does not tell by its time how much of the guess was right.
bool equal_in_constant_time(std::string_view secret, std::string_view guess) {
  unsigned difference = secret.size() == guess.size() ? 0 : 1;
  for (size_t i = 0; i < guess.size(); ++i) {
    difference |= static_cast<unsigned>(secret[i % secret.size()] ^ guess[i]) & 0xffU;
  }
  return difference == 0;
}

std::string subject_of(const engine::Address& from) {
  if (from.family() != AF_INET6 || from.is_v4_mapped()) return from.host();
  sockaddr_in6 network;
  std::memcpy(&network, from.data(), sizeof network);
  std::fill(std::begin(network.sin6_addr.s6_addr) + 8, std::end(network.sin6_addr.s6_addr),
            uint8_t{0});
  const auto* any = reinterpret_cast<const sockaddr*>(&network);
  return engine::Address::from_sockaddr(any, sizeof network).host() + "/64";
}

}  // namespace

void Logins::set_password(std::string password) {
  const std::lock_guard<std::mutex> lock(mutex_);
  password_ = std::move(password);
}

bool Logins::password_needed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !password_.empty();
}

bool Logins::fits(std::optional<std::string_view> guess) const {
  std::string password;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    password = password_;
  }
  if (password.empty()) return true;
  return guess.has_value() && equal_in_constant_time(password, *guess);  // as long as the guess
}

uint64_t Logins::refuse(const engine::Address& from) {
  std::string address = subject_of(from);
  const std::lock_guard<std::mutex> lock(mutex_);
  ++refused_;
  if (const auto known = by_address_.find(address); known != by_address_.end()) {
    by_time_.splice(by_time_.begin(), by_time_, known->second);
    return ++known->second->count;
  }
  if (by_address_.size() == kAddressesMax) {
    by_address_.erase(by_time_.back().address);
    by_time_.pop_back();
  }
  by_time_.push_front({address, 1});
  by_address_.emplace(std::move(address), by_time_.begin());
  return 1;
}

uint64_t Logins::refused() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return refused_;
}

std::vector<Logins::Refusals> Logins::refusals() const {
  std::vector<Refusals> all;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    all.assign(by_time_.begin(), by_time_.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Refusals& a, const Refusals& b) { return a.count > b.count; });
  return all;
}

}  // namespace ringroad::shard
