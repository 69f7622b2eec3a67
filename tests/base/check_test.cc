// Property: CHECK aborts with file, line and condition if its condition is false, and does nothing
//         else.
// Method: death tests, and conditions with side effects that are counted.
#include "base/check.h"

#include <gtest/gtest.h>

namespace ringroad::base {
namespace {

TEST(Check, NamesFileAndCondition) {
  const int legs = 3;
  EXPECT_DEATH(CHECK(legs == 4), "check_test\\.cc:[0-9]+: CHECK failed: legs == 4");
}

TEST(Check, EvaluatesItsConditionOnce) {
  int evaluated = 0;
  CHECK(++evaluated > 0);
  EXPECT_EQ(evaluated, 1);
}

TEST(Check, DcheckIsForDebugBuildsOnly) {
  int evaluated = 0;
  DCHECK(++evaluated > 0);
#ifdef NDEBUG
  EXPECT_EQ(evaluated, 0);
#else
  EXPECT_EQ(evaluated, 1);
#endif
}

}  // namespace
}  // namespace ringroad::base
