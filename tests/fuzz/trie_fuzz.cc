// Property: SubscriptionTrie agrees with the list scan on any sequence of add, remove and match.
// Method: the input is a program: a byte of operation and length, then the bytes of a URL.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tests/support/trie_model.h"

namespace {

// A URL of the input: starts with '/', and every fourth byte value is a '/' too.
std::string url_of(std::string_view bytes) {
  std::string url = "/";
  for (const char byte : bytes) url += static_cast<unsigned char>(byte) % 4 == 0 ? '/' : byte;
  return url;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ringroad::test::TrieModel model;
  while (!input.empty()) {
    const auto operation = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const std::string url = url_of(input.substr(0, operation / 4));
    const size_t live = model.patterns().size();
    if (operation % 4 < 2) {
      CHECK(model.add(url) == "");
    } else if (operation % 4 == 2 && live > 0) {
      CHECK(model.remove(operation / 4 % live) == "");
    } else {
      CHECK(model.disagreement_at(url) == "");
    }
    if (operation % 4 != 2) input.remove_prefix(std::min<size_t>(operation / 4, input.size()));
  }
  CHECK(model.disagreement() == "");
  while (!model.patterns().empty()) {
    CHECK(model.disagreement_at(model.patterns().front().text) == "");
    CHECK(model.remove(0) == "");
  }
  CHECK(model.disagreement() == "");
  return 0;
}
