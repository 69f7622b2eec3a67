// Property: whatever two texts are merged, the result is JSON of the same kind, and merging the same
//           change again changes nothing.
// Method: the input, cut at its first NUL, as target and change.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "proto/json.h"
#include "proto/json_merge.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ringroad::proto::json_merge;
  using ringroad::proto::json_valid;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = input.find('\0');
  if (cut == input.npos) return 0;
  const std::string_view target = input.substr(0, cut);
  const std::string_view change = input.substr(cut + 1);
  const auto merged = json_merge(target, change);
  if (!merged) return 0;
  CHECK(json_valid(target) && json_valid(change));
  CHECK(merged->size() <= target.size() + change.size());
  if (merged->size() > ringroad::base::kPayloadBytesMax) return 0;
  CHECK(json_valid(*merged));
  CHECK(json_merge(*merged, change) == merged);
  return 0;
}
