// Property: sends are lent only where it may pay: large ones, on connections whose kernel does not
//         report that it copied; one probe per pause, pauses that double; few probes of one loop at a
//         time; never more than kLentSendsMax lent at a time.
// Method: the kernel's reports are scripted; a long random script next to counts; no socket.
#include "engine/zero_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

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
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::off, history);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge * 8, 0), Way::copy);
}

TEST(ZeroCopy, SmallSendsAreCopied) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::automatic, history);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge - 1, 0), Way::copy);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
}

TEST(ZeroCopy, OneProbeAtATime) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::automatic, history);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.choose(kLarge, 1), Way::copy);
  policy.on_released(Release::uncopied);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
}

TEST(ZeroCopy, WhereTheKernelCopiesItGivesUpAndAsksEverMoreRarely) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::automatic, history);
  EXPECT_EQ(copies_before_next_probe(policy), 0U);
  for (uint32_t pause = base::kZeroCopyPauseMin; pause < 500'000; pause *= 2) {
    policy.on_released(Release::copied);
    EXPECT_EQ(copies_before_next_probe(policy), pause);
  }
}

TEST(ZeroCopy, ThePauseHasAnEnd) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::automatic, history);
  EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
  for (int i = 0; i < 40; ++i) policy.on_refused();
  EXPECT_EQ(copies_before_next_probe(policy), base::kZeroCopyPauseMax);
}

TEST(ZeroCopy, WhereItDoesNotCopyItGoesOnAndBackAgain) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::automatic, history);
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
    ZeroCopyHistory history;
    ZeroCopyPolicy policy(mode, history);
    EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
    policy.on_released(Release::uncopied);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax - 1), Way::lend);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax), Way::copy);
    EXPECT_EQ(policy.choose(kLarge, base::kLentSendsMax - 1), Way::lend);
  }
}

TEST(ZeroCopy, ForcedIgnoresReportsButNotRefusals) {
  ZeroCopyHistory history;
  ZeroCopyPolicy policy(ZeroCopy::forced, history);
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
    ZeroCopyHistory history;
    ZeroCopyPolicy policy(ZeroCopy::automatic, history);
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
    EXPECT_LE(lends, 10U) << "half a million large sends: 1,024 * (2^9 - 1), and the first";
  }
}

TEST(ZeroCopy, ManyConnectionsOfALoopNeedFewProbes) {
  ZeroCopyHistory history;
  std::deque<ZeroCopyPolicy> policies;
  for (int i = 0; i < 1'000; ++i) policies.emplace_back(ZeroCopy::automatic, history);
  uint64_t lends = 0;
  for (int round = 0; round < 1'000; ++round) {
    std::vector<ZeroCopyPolicy*> probing;
    for (ZeroCopyPolicy& policy : policies) {
      if (policy.choose(kLarge, 0) == Way::lend) probing.push_back(&policy);
    }
    EXPECT_LE(probing.size(), base::kZeroCopyProbesMax);
    EXPECT_EQ(history.probes_out, probing.size());
    for (ZeroCopyPolicy* policy : probing) policy->on_released(Release::copied);
    lends += probing.size();
  }
  EXPECT_LE(lends, 1'000U) << "of a million large sends";
  policies.clear();
  EXPECT_EQ(history.probes_out, 0U);
}

TEST(ZeroCopy, ANewConnectionLearnsFromTheLoopsOthers) {
  ZeroCopyHistory history;
  for (int i = 0; i < 30; ++i) {
    ZeroCopyPolicy policy(ZeroCopy::automatic, history);
    const uint32_t pause = i == 0 ? 0 : std::min(1U << (i - 1), base::kZeroCopyPauseMin);
    EXPECT_EQ(copies_before_next_probe(policy), pause);
    policy.on_released(Release::copied);
  }
  ZeroCopyPolicy lucky(ZeroCopy::automatic, history);
  (void)copies_before_next_probe(lucky);
  lucky.on_released(Release::uncopied);
  ZeroCopyPolicy next(ZeroCopy::automatic, history);
  EXPECT_EQ(copies_before_next_probe(next), 0U);
}

TEST(ZeroCopy, AProbeEndsWithItsConnection) {
  ZeroCopyHistory history;
  for (uint32_t i = 0; i < 3 * base::kZeroCopyProbesMax; ++i) {
    ZeroCopyPolicy policy(ZeroCopy::automatic, history);
    EXPECT_EQ(policy.choose(kLarge, 0), Way::lend);
  }
}

}  // namespace
}  // namespace ringroad::engine
