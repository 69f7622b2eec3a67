// Property: whatever comes, it is a query, an answer or nothing; never both; what was read can be
//           written and is read alike; a table that is taken is found again, entry by entry.
// Method:   the input as a query, as an answer and as a table.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "proto/position.h"
#include "ringroad/position.h"
#include "service/position_table.h"

namespace ringroad {
namespace {

using proto::PositionAnswer;

void check_query(const std::string& text) {
  const auto wire = proto::parse_position_query(text);
  if (!wire) return;
  CHECK(!wire->query.name.empty());
  CHECK(proto::parse_position_answer(text).kind != PositionAnswer::Kind::found);
  if (wire->unknown_family) return;
  const std::string again = proto::position_query_text(wire->query.name, wire->query.family);
  if (again.size() > proto::kPositionTextBytesMax) return;  // escapes take more room
  const auto read = proto::parse_position_query(again);
  CHECK(read.has_value());
  CHECK(read->query.name == wire->query.name);
  CHECK(read->query.family == wire->query.family);
}

void check_answer(const std::string& text) {
  const PositionAnswer answer = proto::parse_position_answer(text);
  if (answer.kind != PositionAnswer::Kind::found) return;
  CHECK(proto::check_position(answer.position).ok());
  const std::string again = proto::position_answer_text(answer.name, answer.position);
  if (again.size() > proto::kPositionTextBytesMax) return;
  const PositionAnswer read = proto::parse_position_answer(again);
  CHECK(read.kind == PositionAnswer::Kind::found);
  CHECK(read.position == answer.position);
  CHECK(read.name == answer.name);
}

void check_table(const std::string& text) {
  const Result<std::vector<PositionEntry>> entries = parse_position_table(text);
  if (!entries.ok()) {
    CHECK(!entries.status().message().empty());
    return;
  }
  const Result<PositionTable> table = PositionTable::make(*entries);
  CHECK(table.ok());
  for (const PositionEntry& entry : *entries) {
    const ServerPosition* found = table->find(entry.name, entry.position.family());
    CHECK(found != nullptr);
    CHECK(*found == entry.position);
    CHECK(table->find(entry.name, AddressFamily::any) != nullptr);
  }
}

}  // namespace
}  // namespace ringroad

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ringroad::check_query(text);
  ringroad::check_answer(text);
  ringroad::check_table(text);
  return 0;
}
