// Property: exactly the password fits, whenever it was set; refusals are counted for each address,
//           exactly, for the last 1,024 addresses.
// Method: named examples; a seeded crowd of addresses next to a list.
#include "shard/logins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <string>

#include "tests/support/seeds.h"

namespace ringroad::shard {
namespace {

engine::Address address(const std::string& text) {
  return *engine::Address::parse(text);
}

TEST(Logins, V16_OnlyThePasswordFits) {
  Logins logins("sesame");
  EXPECT_TRUE(logins.password_needed());
  EXPECT_TRUE(logins.fits("sesame"));
  for (const char* wrong : {"", "s", "sesam", "sesame ", "Sesame", "sesamesesame"}) {
    EXPECT_FALSE(logins.fits(wrong)) << wrong;
  }
  EXPECT_FALSE(logins.fits(std::nullopt));
  EXPECT_FALSE(logins.fits(std::string_view("sesame\0", 7)));
}

TEST(Logins, V16_MayChangeAndGo) {
  Logins logins;
  EXPECT_FALSE(logins.password_needed());
  EXPECT_TRUE(logins.fits(std::nullopt)) << "B17";
  EXPECT_TRUE(logins.fits("anything"));
  logins.set_password("a");
  EXPECT_FALSE(logins.fits("anything"));
  EXPECT_TRUE(logins.fits("a"));
  logins.set_password("b");
  EXPECT_FALSE(logins.fits("a"));
  logins.set_password("");
  EXPECT_TRUE(logins.fits("a"));
}

TEST(Logins, W9_CountsByAddressWhateverThePortAndTheSocket) {
  Logins logins("x");
  EXPECT_EQ(logins.refuse(address("1.2.3.4:5")), 1U);
  EXPECT_EQ(logins.refuse(address("1.2.3.5:5")), 1U);
  EXPECT_EQ(logins.refuse(address("1.2.3.4:6")), 2U);
  EXPECT_EQ(logins.refuse(address("[::ffff:1.2.3.4]:5")), 3U);
  EXPECT_EQ(logins.refuse(address("[2001:db8::1]:5")), 1U);
  EXPECT_EQ(logins.refuse(address("[2001:db8::ffff:1]:5")), 2U) << "one machine has all of a /64";
  EXPECT_EQ(logins.refuse(address("[2001:db8:0:1::1]:5")), 1U);
  const auto refusals = logins.refusals();
  ASSERT_EQ(refusals.size(), 4U);
  EXPECT_EQ(refusals[0].address, "1.2.3.4");
  EXPECT_EQ(refusals[0].count, 3U);
  EXPECT_EQ(refusals[1].address, "2001:db8::/64");
  EXPECT_EQ(logins.refused(), 7U);
}

TEST(Logins, W9_TheOneThatIsQuietLongestGivesWay) {
  const uint64_t seed = test::seeds(1).first;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  Logins logins("x");
  std::list<Logins::Refusals> model;  // the latest first
  for (uint64_t i = 1; i <= 20'000; ++i) {
    const uint64_t number = random() % 1'500;
    const std::string host =
        "10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250);
    uint64_t count = 1;
    for (auto known = model.begin(); known != model.end(); ++known) {
      if (known->address != host) continue;
      count += known->count;
      model.erase(known);
      break;
    }
    model.push_front({host, count});
    if (model.size() > Logins::kAddressesMax) model.pop_back();
    ASSERT_EQ(logins.refuse(address(host + ":1")), count);
  }
  EXPECT_EQ(logins.refused(), 20'000U);
  const auto refusals = logins.refusals();
  ASSERT_EQ(refusals.size(), Logins::kAddressesMax);
  for (size_t i = 1; i < refusals.size(); ++i) {
    EXPECT_GE(refusals[i - 1].count, refusals[i].count);
  }
  for (const Logins::Refusals& each : model) {
    const auto found =
        std::find_if(refusals.begin(), refusals.end(),
                     [&](const Logins::Refusals& one) { return one.address == each.address; });
    ASSERT_NE(found, refusals.end());
    EXPECT_EQ(found->count, each.count);
  }
}

}  // namespace
}  // namespace ringroad::shard
