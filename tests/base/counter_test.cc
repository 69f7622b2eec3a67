// Property: a Counter holds what its one writer made of it, and a reader in another thread never
//         sees it go back.
// Method: one thread adds while another reads until it has seen the last value.
#include "base/counter.h"

#include <gtest/gtest.h>

#include <thread>

namespace ringroad::base {
namespace {

TEST(Counter, AddsAndSubtracts) {
  Counter counter;
  counter.add();
  counter.add(41);
  counter.sub(2);
  EXPECT_EQ(counter.get(), 40u);
}

TEST(Counter, ReaderSeesItGrow) {
  constexpr uint64_t kAdds = 100'000;
  Counter counter;
  std::thread writer([&counter] {
    for (uint64_t i = 0; i < kAdds; ++i) counter.add();
  });
  uint64_t last = 0;
  bool went_back = false;
  while (last < kAdds) {
    const uint64_t now = counter.get();
    went_back = went_back || now < last;
    last = now;
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_FALSE(went_back);
  EXPECT_EQ(counter.get(), kAdds);
}

}  // namespace
}  // namespace ringroad::base
