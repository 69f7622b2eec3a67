// url.h — the rules of URLs and subscriptions (V1, V2; docs/WIRE.md "Publish / subscribe").
// Owner:  nobody; views borrow.   Thread: any (pure functions).
// Fails:  valid_url() says whether a string is one; the other two are meant for valid ones.
// Why here: url_matches() is the plain reading of the rule, which every index is compared with.
#pragma once

#include <cstddef>
#include <string_view>

namespace ringroad::proto {

/// Starts with '/', has no NUL, fits the length field. UTF-8 is not checked (A12: opaque bytes).
bool valid_url(std::string_view url);

/// Does the subscription get what is published at `url`?
/// "/" gets everything. "/a" gets "/a" only. "/a/" gets "/a", "/a/" and "/a/...", never "/ab".
bool url_matches(std::string_view subscription, std::string_view url);

/// A subscription string that matches: `text`, or `text` + "/" when slash_appended.
struct Candidate {
  std::string_view text;
  bool slash_appended = false;
};

/// visit(Candidate) every subscription string that matches the URL, each once, shortest first:
/// "/", the prefixes that end in '/', the URL itself, the URL + "/".
template <typename Visit>
void for_each_candidate(std::string_view url, Visit visit) {
  visit(Candidate{.text = "/"});
  if (url.empty()) return;
  for (size_t at = url.find('/', 1); at != std::string_view::npos; at = url.find('/', at + 1)) {
    visit(Candidate{.text = url.substr(0, at + 1)});
  }
  if (url.back() != '/') visit(Candidate{.text = url});  // else the loop or "/" was it
  visit(Candidate{.text = url, .slash_appended = true});
}

}  // namespace ringroad::proto
