#include "proto/json_merge.h"

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "proto/json.h"

namespace ringroad::proto {
namespace {

enum class Kind : uint8_t { scalar, array, object };

struct Value {
  Kind kind = Kind::scalar;
  std::string_view text;               // of a scalar, as it was written
  std::vector<std::string_view> keys;  // of an object, with their quotes
  std::vector<Value> items;            // of an object, an array
};

/// Equal for equal keys, however they are escaped.
std::string name_of(std::string_view key) {
  if (key.find('\\') == key.npos) return std::string(key.substr(1, key.size() - 2));
  std::vector<std::string> names;
  size_t bad = 0;
  const bool read = json_string_list("[" + std::string(key) + "]", names, bad);
  CHECK(read && names.size() == 1);
  return names[0];
}

/// Where each key of an object stands, while it is changed.
class KeyIndex {
 public:
  explicit KeyIndex(const Value& object) {
    for (size_t i = 0; i < object.keys.size(); ++i) by_name_.emplace(name_of(object.keys[i]), i);
  }
  /// The item of this key; a new one if there is none.
  Value& item(Value& object, std::string_view key) {
    const auto [entry, is_new] = by_name_.emplace(name_of(key), object.keys.size());
    if (is_new) {
      object.keys.push_back(key);
      object.items.emplace_back();
    }
    return object.items[entry->second];
  }

 private:
  std::unordered_map<std::string, size_t> by_name_;
};

/// Takes a text apart that is known to be JSON.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Value read() {
    skip_space();
    if (rest_.front() == '{') return read_object();
    if (rest_.front() == '[') return read_array();
    return {.text = rest_.front() == '"' ? take_string() : take_word()};
  }

 private:
  void skip_space() {
    const size_t count = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(count == rest_.npos ? rest_.size() : count);
  }
  std::string_view take(size_t count) {
    const std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(front.size());
    return front;
  }
  std::string_view take_string() {
    size_t end = 1;
    while (rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    return take(end + 1);
  }
  std::string_view take_word() {
    const size_t end = rest_.find_first_of(",]} \t\r\n");
    return take(end);
  }
  /// True: `mark` was next, and is taken.
  bool next(char mark) {
    skip_space();
    if (rest_.front() != mark) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Value read_array() {
    Value array{.kind = Kind::array};
    take(1);
    if (next(']')) return array;
    do array.items.push_back(read());
    while (next(','));
    const bool closed = next(']');
    CHECK(closed);
    return array;
  }
  Value read_object() {
    Value object{.kind = Kind::object};
    KeyIndex index(object);
    take(1);
    if (next('}')) return object;
    do {
      skip_space();
      const std::string_view key = take_string();
      const bool colon = next(':');
      CHECK(colon);
      Value value = read();
      index.item(object, key) = std::move(value);
    } while (next(','));
    const bool closed = next('}');
    CHECK(closed);
    return object;
  }

  std::string_view rest_;
};

void merge(Value& target, Value& change);

void put(Value& place, Value& value) {
  if (value.kind != Kind::scalar && value.kind == place.kind) {
    merge(place, value);
  } else {
    place = std::move(value);
  }
}

/// Both are objects, or both are arrays.
void merge(Value& target, Value& change) {
  if (target.kind == Kind::object) {
    KeyIndex index(target);
    for (size_t i = 0; i < change.items.size(); ++i)
      put(index.item(target, change.keys[i]), change.items[i]);
    return;
  }
  for (size_t i = 0; i < change.items.size(); ++i) {
    if (i == target.items.size()) target.items.emplace_back();
    put(target.items[i], change.items[i]);
  }
}

void write(std::string& out, const Value& value) {
  if (value.kind == Kind::scalar) {
    out += value.text;
    return;
  }
  const bool object = value.kind == Kind::object;
  out += object ? '{' : '[';
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    if (object) out.append(value.keys[i]).append(1, ':');
    write(out, value.items[i]);
  }
  out += object ? '}' : ']';
}

}  // namespace

std::optional<std::string> json_merge(std::string_view target, std::string_view change) {
  if (!json_valid(target) || !json_valid(change)) return std::nullopt;
  Value merged = Reader(target).read();
  Value news = Reader(change).read();
  if (merged.kind == Kind::scalar || merged.kind != news.kind) return std::nullopt;
  merge(merged, news);
  std::string out;
  write(out, merged);
  return out;
}

}  // namespace ringroad::proto
