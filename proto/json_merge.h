// json_merge.h — one JSON text changed by another, as the official `syncer` does it (X3).
// Owner:  nobody.   Thread: any (a pure function).
// Bound:  texts <= base::kPayloadBytesMax, nested <= kJsonDepthMax deep, as in proto/json.h. The
//         result may be as long as both together.
// Fails:  nullopt if a text is no JSON, is neither object nor array, or the two are not the same kind.
// Rule:   objects are merged key by key, arrays element by element from the first on (what the target
//         has beyond stays); a value of another kind takes the place of the old one. Values keep the
//         text they came with; of equal keys in one object the last one counts, in the place of the
//         first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringroad::proto {

std::optional<std::string> json_merge(std::string_view target, std::string_view change);

}  // namespace ringroad::proto
