// Property: IntrusiveList keeps its elements in the order of insertion, whatever is unlinked or
//         spliced in between.
// Method: random operations on two lists against two std::deque models.
#include "base/intrusive_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <vector>

namespace ringroad::base {
namespace {

struct Element {
  int padding = 0;  // the hook is not at offset 0
  ListHook hook;
  ListHook other_hook;
};
using List = IntrusiveList<Element, &Element::hook>;

std::vector<Element*> contents(List& list) {
  std::vector<Element*> found;
  list.for_each([&found](Element& element) { found.push_back(&element); });
  return found;
}

TEST(IntrusiveList, AgreesWithDeque) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::array<Element, 12> elements;
    std::array<List, 2> lists;
    std::array<std::deque<Element*>, 2> models;
    for (int step = 0; step < 1'000; ++step) {
      const size_t which = random() % 2;
      Element& element = elements[random() % elements.size()];
      const uint64_t action = random() % 8;
      if (action == 0) {
        lists[which].splice_back(lists[1 - which]);
        for (Element* moved : models[1 - which]) models[which].push_back(moved);
        models[1 - which].clear();
      } else if (action == 1 && !models[which].empty()) {
        ASSERT_EQ(&lists[which].pop_front(), models[which].front());
        models[which].pop_front();
      } else if (element.hook.linked()) {
        element.hook.unlink();
        for (auto& model : models) std::erase(model, &element);
      } else {
        lists[which].push_back(element);
        models[which].push_back(&element);
      }
      for (size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(lists[i].empty(), models[i].empty());
        const auto found = contents(lists[i]);
        ASSERT_TRUE(std::ranges::equal(found, models[i]));
      }
    }
    for (Element& element : elements) element.hook.unlink();
  }
}

TEST(IntrusiveList, VisitMayUnlinkItsElement) {
  std::array<Element, 4> elements;
  List list;
  for (Element& element : elements) list.push_back(element);
  size_t visited = 0;
  list.for_each([&visited](Element& element) {
    ++visited;
    element.hook.unlink();
  });
  EXPECT_EQ(visited, elements.size());
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, ElementIsInTwoListsThroughTwoHooks) {
  Element element;
  List list;
  IntrusiveList<Element, &Element::other_hook> other;
  list.push_back(element);
  other.push_back(element);
  EXPECT_EQ(&list.pop_front(), &element);
  EXPECT_EQ(&other.pop_front(), &element);
}

TEST(IntrusiveListDeathTest, ElementMustLeaveBeforeItDies) {
  EXPECT_DEATH(
      {
        List list;
        Element element;
        list.push_back(element);
      },
      "linked");
}

}  // namespace
}  // namespace ringroad::base
