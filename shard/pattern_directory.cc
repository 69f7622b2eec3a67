#include "shard/pattern_directory.h"

#include <random>

#include "base/check.h"
#include "shard/pattern_hash.h"

namespace ringroad::shard {
namespace {

uint64_t random_basis() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

}  // namespace

PatternDirectory::PatternDirectory() : basis_(random_basis()) {
  for (Stripe& stripe : stripes_) {
    stripe.clients = decltype(stripe.clients)(0, Hash(basis_));
  }
}

void PatternDirectory::add(std::string_view pattern, uint32_t clients) {
  Stripe& stripe = stripes_[stripe_of(pattern)];
  const std::lock_guard lock(stripe.mutex);
  const auto entry = stripe.clients.find(pattern);
  if (entry == stripe.clients.end()) {
    if (clients > 0) stripe.clients.emplace(pattern, clients);
    return;
  }
  CHECK(clients <= UINT32_MAX - entry->second);
  entry->second += clients;
}

void PatternDirectory::remove(std::string_view pattern, uint32_t clients) {
  if (clients == 0) return;
  Stripe& stripe = stripes_[stripe_of(pattern)];
  const std::lock_guard lock(stripe.mutex);
  const auto entry = stripe.clients.find(pattern);
  CHECK(entry != stripe.clients.end());
  CHECK(entry->second >= clients);
  entry->second -= clients;
  if (entry->second == 0) stripe.clients.erase(entry);
}

bool PatternDirectory::any_match(std::string_view url) const {
  bool found = false;
  proto::for_each_candidate(url, [&](const proto::Candidate& candidate) {
    if (found) return;
    const Stripe& stripe = stripes_[stripe_of(candidate)];
    const std::lock_guard lock(stripe.mutex);
    found = stripe.clients.find(candidate) != stripe.clients.end();
  });
  return found;
}

size_t PatternDirectory::Hash::operator()(std::string_view pattern) const {
  return PatternHash(basis).append(pattern).value();
}

size_t PatternDirectory::Hash::operator()(const proto::Candidate& candidate) const {
  PatternHash hash(basis);
  hash.append(candidate.text);
  if (candidate.slash_appended) hash.append('/');
  return hash.value();
}

bool PatternDirectory::Equal::operator()(const proto::Candidate& a, std::string_view b) const {
  if (!a.slash_appended) return a.text == b;
  return b.size() == a.text.size() + 1 && b.starts_with(a.text) && b.back() == '/';
}

}  // namespace ringroad::shard
