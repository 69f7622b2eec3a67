// Property: a subscription is among the candidates of a URL exactly when it matches, and then once.
// Method: byte 0 of the input says where the rest is cut into subscription and URL.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "proto/url.h"

namespace {

std::string text_of(ringroad::proto::Candidate candidate) {
  return std::string(candidate.text) + (candidate.slash_appended ? "/" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringroad::proto;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = data[0] % (rest.size() + 1);
  const std::string subscription = "/" + std::string(rest.substr(0, cut));
  const std::string url = "/" + std::string(rest.substr(cut));
  if (!valid_url(subscription) || !valid_url(url)) return 0;

  size_t found = 0;
  std::string previous;
  for_each_candidate(url, [&](Candidate candidate) {
    const std::string text = text_of(candidate);
    CHECK(url_matches(text, url));
    CHECK(text.size() > previous.size());  // shortest first, so each once
    if (text == subscription) ++found;
    previous = text;
  });
  CHECK(found == (url_matches(subscription, url) ? 1U : 0U));
  return 0;
}
