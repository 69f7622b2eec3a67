// Property: sends are lent only where it may pay: large ones, on connections whose kernel does not
//         report that it copied; one probe per pause, pauses that double; never more than
//         kLentSendsMax at a time.
// Method: the kernel's reports are scripted; a long random script next to counts; no socket.
#include "engine/zero_copy.h"

#include <gtest/gtest.h>

#include <random>

namespace ringroad::engine {
namespace {

using Way = ZeroCopyPolicy::Way;

constexpr size_t kLarge = base::kZeroCopyBytesMin;

/// Large sends by copy until the next one that is lent.
uint32_t copies_before_next_probe(ZeroCopyPolicy& policy) {
  uint32_t copies = 0;
  while (policy.choose(kLarge, 0) == Way::copy) {
    if (++copies > base::kZeroCopyPauseMax) break;
  }
  return copies;
}

TEST(ZeroCopy, AutomaticNeedsAKernelThatReports) {
  for (const ZeroCopy wanted : {ZeroCopy::off, ZeroCopy::automatic, ZeroCopy::forced}) {
    EXPECT_EQ(possible(wanted, ZeroCopySupport::none), ZeroCopy::off);
    EXPECT_EQ(possible(wanted, ZeroCopySupport::reporting), wanted);
  }
  EXPECT_EQ(possible(ZeroCopy::automatic, ZeroCopySupport::blind), ZeroCopy::off);
  EXPECT_EQ(possible(ZeroCopy::forced, ZeroCopySupport::blind), ZeroCopy::forced);
}

TEST(ZeroCopy, OffNeverLends) {
  ZeroCopyPolicy policy(ZeroCopy::off);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge * 8, 0), Way::copy);
}

TEST(ZeroCopy, SmallSendsAreCopied) {
  ZeroCopyPolicy policy(ZeroCopy::automatic);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge - 1, 0), Way::copy);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
}

TEST(ZeroCopy, OneProbeAtATime) {
  ZeroCopyPolicy policy(ZeroCopy::automatic);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge, 1), Way::copy);
  policy.on_released(Release::uncopied);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
}

TEST(ZeroCopy, WhereTheKernelCopiesItGivesUpAndAsksEverMoreRarely) {
  ZeroCopyPolicy policy(ZeroCopy::automatic);
  EXPECT_EQ(copies_before_next_probe(policy), 0U);
  for (uint32_t pause = base::kZeroCopyPauseMin; pause < 100'000; pause *= 2) {
    policy.on_released(Release::copied);
    EXPECT_EQ(copies_before_next_probe(policy), pause);
  }
}

TEST(ZeroCopy, ThePauseHasAnEnd) {
  ZeroCopyPolicy policy(ZeroCopy::automatic);
  for (int i = 0; i < 40; ++i) policy.on_refused();
  EXPECT_EQ(copies_before_next_probe(policy), base::kZeroCopyPauseMax);
}

TEST(ZeroCopy, WhereItDoesNotCopyItGoesOnAndBackAgain) {
  ZeroCopyPolicy policy(ZeroCopy::automatic);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
  policy.on_released(Release::copied);
  EXPECT_EQ(copies_before_next_probe(policy), base::kZeroCopyPauseMin);
  policy.on_released(Release::uncopied);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
    policy.on_released(Release::uncopied);
  }
  // Several are out when the route changes: one pause, not one per report.
  for (size_t lent = 0; lent < 5; ++lent) EXPECT_EQ(policy.choose(kLarge, lent), Way::lend);
  for (int i = 0; i < 4; ++i) policy.on_released(Release::copied);
  policy.on_released(Release::uncopied);
  EXPECT_EQ(copies_before_next_probe(policy), base::kZeroCopyPauseMin) << "success shortens it";
}

TEST(ZeroCopy, LendsABoundedNumber) {
  for (const ZeroCopy mode : {ZeroCopy::automatic, ZeroCopy::forced}) {
    ZeroCopyPolicy policy(mode);
    EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
    policy.on_released(Release::uncopied);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax - 1), Way::lend);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax), Way::copy);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax - 1), Way::lend);
  }
}

TEST(ZeroCopy, ForcedIgnoresReportsButNotRefusals) {
  ZeroCopyPolicy policy(ZeroCopy::forced);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(policy.choose(1, 0), Way::lend);
    policy.on_released(Release::copied);
  }
  policy.on_refused();
  EXPECT_EQ(copies_before_next_probe(policy), base::kZeroCopyPauseMin);
}

TEST(ZeroCopy, ProbesAreRareWhateverTheScript) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    ZeroCopyPolicy policy(ZeroCopy::automatic);
    size_t lent = 0;
    uint64_t lends = 0;
    for (int i = 0; i < 1'000'000; ++i) {  // a kernel that always copies, sooner or later
      if (policy.choose(random() % (2 * kLarge), lent) == Way::lend) {
        ++lent;
        ++lends;
      }
      ASSERT_LE(lent, 1U);
      if (lent > 0 && random() % 10 == 0) {
        --lent;
        policy.on_released(Release::copied);
      }
    }
    EXPECT_GE(lends, 2U);
    EXPECT_LE(lends, 13U) << "half a million large sends: 256 * 2^11 and the first";
  }
}

}  // namespace
}  // namespace ringroad::engine
