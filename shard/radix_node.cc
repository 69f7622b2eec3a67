#include "shard/radix_node.h"

#include <utility>

#include "base/limits.h"

namespace ringroad::shard {

EdgeLabel::EdgeLabel(std::string_view first, std::string_view second) {
  const size_t size = first.size() + second.size();
  CHECK(size <= base::kUrlBytesMax);
  char* bytes = bytes_;
  if (size > kInlineBytes) {
    bytes = std::make_unique<char[]>(size).release();  // release() frees it
    std::memcpy(bytes_ + kPointerAt, &bytes, sizeof(bytes));
  }
  first.copy(bytes, first.size());
  second.copy(bytes + first.size(), second.size());
  size_ = static_cast<uint16_t>(size);
}

EdgeLabel& EdgeLabel::operator=(EdgeLabel&& other) noexcept {
  CHECK(this != &other);
  release();
  take(other);
  return *this;
}

void EdgeLabel::take(EdgeLabel& other) {
  size_ = std::exchange(other.size_, uint16_t{0});
  std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
}

void EdgeLabel::release() {
  if (size_ > kInlineBytes) std::unique_ptr<char[]>(heap_bytes()).reset();
  size_ = 0;
}

NodeIndex RadixNodes::take() {
  ++live_;
  if (first_free_ != kNoNode) {
    const NodeIndex index = first_free_;
    first_free_ = std::exchange((*this)[index].children_xored, 0U);
    return index;
  }
  CHECK(used_ < kNoNode);
  if (used_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<RadixNode[]>(kChunk));
  return static_cast<NodeIndex>(used_++);
}

void RadixNodes::give(NodeIndex index) {
  CHECK(live_ > 0);
  --live_;
  RadixNode& node = (*this)[index];
  CHECK(node.child_count == 0);
  CHECK(node.references == 0);
  CHECK(node.children_xored == 0);
  node.children_xored = first_free_;
  first_free_ = index;
}

size_t RadixNodes::memory_bytes() const {
  return chunks_.size() * kChunk * sizeof(RadixNode) + chunks_.capacity() * sizeof(chunks_[0]);
}

}  // namespace ringroad::shard
