// Property: the table finds the cohort of exactly a set, and a pattern leads to exactly the
//         listening cohorts that have it; its version moves whenever that changes.
// Method: seeded changes next to a list of (set, standing) that is searched; hashes are forced to
//         collide.
#include "shard/cohort_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace ringroad::shard {
namespace {

constexpr PatternId kPatterns = 12;

using Set = std::set<PatternId>;

std::vector<PatternId> sorted(const Set& set) {
  return {set.begin(), set.end()};
}

SetHash hash_of(const Set& set) {
  SetHash hash;
  for (const PatternId pattern : set) hash.add(pattern);
  return hash;
}

struct Known {
  Cohort* cohort;
  Set set;
  Standing standing;
};

class TableModel {
 public:
  ~TableModel() {
    while (!known_.empty()) destroy(0);
  }

  std::mt19937_64 random{1};

  size_t size() const { return known_.size(); }
  const Known* known(const Set& set, Standing standing) const {
    for (const Known& entry : known_) {
      if (entry.set == set && entry.standing == standing) return &entry;
    }
    return nullptr;
  }
  Set random_set() {
    Set set;
    while (set.empty() || random() % 3 != 0)
      set.insert(static_cast<PatternId>(random() % kPatterns));
    return set;
  }
  Standing random_standing() {
    return {.audience = random() % 4 == 0 ? Audience::muted : Audience::listening,
            .priority = static_cast<uint8_t>(random() % 3)};
  }

  void find_or_create() {
    const Set set = random_set();
    const Standing standing = random_standing();
    const Known* expected = known(set, standing);
    Cohort* found = table_.find(hash_of(set), standing, sorted(set));
    ASSERT_EQ(found, expected == nullptr ? nullptr : expected->cohort);
    if (found != nullptr) {
      EXPECT_TRUE(table_.may_have(hash_of(set)));
      return;
    }
    Cohort& cohort = table_.create(hash_of(set), standing, sorted(set));
    EXPECT_EQ(table_.at(cohort.index_), &cohort);
    known_.push_back({&cohort, set, standing});
  }
  void destroy(size_t at) {
    table_.destroy(*known_[at].cohort);
    known_.erase(known_.begin() + static_cast<ptrdiff_t>(at));
  }
  /// One pattern more or less, in place, as a member that is alone may do.
  void change(size_t at) {
    Known& entry = known_[at];
    const auto pattern = static_cast<PatternId>(random() % kPatterns);
    Set changed = entry.set;
    if (changed.erase(pattern) == 0) changed.insert(pattern);
    if (changed.empty() || known(changed, entry.standing) != nullptr) return;
    if (changed.size() > entry.set.size()) {
      table_.add_pattern(*entry.cohort, pattern);
    } else {
      table_.remove_pattern(*entry.cohort, pattern);
    }
    entry.set = changed;
  }

  std::vector<Set> edges() const {
    std::vector<Set> all;
    for (PatternId pattern = 0; pattern < kPatterns; ++pattern) {
      all.emplace_back();
      for (const Cohort* cohort : table_.cohorts_of(pattern)) all.back().insert(cohort->index_);
      EXPECT_EQ(all.back().size(), table_.cohorts_of(pattern).size()) << "each once";
    }
    return all;
  }
  void check() const {
    EXPECT_EQ(table_.size(), known_.size());
    std::vector<Set> expected(kPatterns);
    for (const Known& entry : known_) {
      if (entry.standing.audience == Audience::muted) continue;
      for (const PatternId pattern : entry.set) expected[pattern].insert(entry.cohort->index_);
    }
    EXPECT_EQ(edges(), expected);
    EXPECT_TRUE(table_.cohorts_of(kPatterns + 1'000).empty());
  }
  uint64_t version() const { return table_.version(); }

 private:
  engine::BlockPool pool_;
  CohortTable table_{pool_};
  std::vector<Known> known_;
};

TEST(CohortTable, AgreesWithAList) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TableModel model;
    model.random.seed(seed);
    for (int step = 0; step < 600; ++step) {
      const std::vector<Set> edges = model.edges();
      const uint64_t version = model.version();
      const uint64_t dice = model.random() % 10;
      if (model.size() == 0 || dice < 4) {
        model.find_or_create();
      } else if (dice < 6) {
        model.destroy(model.random() % model.size());
      } else {
        model.change(model.random() % model.size());
      }
      model.check();
      EXPECT_TRUE(model.edges() == edges || model.version() != version);
      if (testing::Test::HasFailure()) return;
    }
  }
}

constexpr Standing kListening;

TEST(CohortTable, ComparesTheSetsWhenHashesCollide) {
  engine::BlockPool pool;
  CohortTable table(pool);
  const std::vector<PatternId> one{1};
  const std::vector<PatternId> two{1, 2};
  SetHash same_low;
  same_low.high = 7;
  Cohort& first = table.create({}, kListening, one);
  EXPECT_EQ(table.find({}, kListening, two), nullptr) << "128 bits equal";
  Cohort& second = table.create({}, kListening, two);
  EXPECT_EQ(table.find(same_low, kListening, one), nullptr) << "64 bits equal";
  Cohort& third = table.create(same_low, kListening, one);
  EXPECT_EQ(table.find({}, kListening, one), &first);
  EXPECT_EQ(table.find({}, kListening, two), &second);
  EXPECT_EQ(table.find(same_low, kListening, one), &third);
  EXPECT_EQ(table.find({}, {.audience = Audience::muted}, one), nullptr);

  table.add_pattern(second, 3);
  EXPECT_EQ(table.find({}, kListening, one), &first) << "the right one was moved away";
  EXPECT_EQ(table.find({}, kListening, two), nullptr);
  table.destroy(first);
  EXPECT_EQ(table.find({}, kListening, one), nullptr);
  EXPECT_EQ(table.find(same_low, kListening, one), &third);
  table.destroy(second);
  table.destroy(third);
  EXPECT_EQ(table.size(), 0U);
}

TEST(SetHash, KnowsNoOrderAndTakesBack) {
  SetHash there;
  SetHash back;
  for (const PatternId pattern : {3U, 1U, 2U}) there.add(pattern);
  for (const PatternId pattern : {2U, 3U, 9U, 1U}) back.add(pattern);
  EXPECT_NE(there, back);
  back.remove(9);
  EXPECT_EQ(there, back);
  for (const PatternId pattern : {1U, 2U, 3U}) back.remove(pattern);
  EXPECT_EQ(back, SetHash());
}

TEST(SetHash, SmallSetsAreApart) {
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (PatternId a = 0; a < 150; ++a) {
    for (PatternId b = a; b < 150; ++b) {
      const SetHash hash = hash_of({a, b});
      EXPECT_TRUE(seen.emplace(hash.low, hash.high).second) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace ringroad::shard
