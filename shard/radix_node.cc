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

void ChildTable::insert(char byte, NodeIndex node) {
  DCHECK(find(byte) == kNoNode);
  const size_t count = size();
  CHECK(count < 256);
  if (count == capacity()) resize(count == 0 ? 4 : count * 2);
  keys()[count] = static_cast<unsigned char>(byte);
  nodes()[count] = node;
  set_size(count + 1);
}

void ChildTable::replace(char byte, NodeIndex node) {
  nodes()[position(byte)] = node;
}

void ChildTable::erase(char byte) {
  const size_t hole = position(byte);
  const size_t last = size() - 1;
  keys()[hole] = keys()[last];
  nodes()[hole] = nodes()[last];
  set_size(last);
  if (last == 0) {
    block_.reset();
  } else if (capacity() > 4 && last <= capacity() / 4) {
    resize(capacity() / 2);
  }
}

size_t ChildTable::position(char byte) const {
  CHECK(block_ != nullptr);
  const void* key = std::memchr(keys(), static_cast<unsigned char>(byte), size());
  CHECK(key != nullptr);
  return static_cast<size_t>(static_cast<const unsigned char*>(key) - keys());
}

void ChildTable::set_size(size_t size) {
  CHECK(size <= capacity());
  block_[0] = static_cast<uint32_t>(capacity() << 16 | size);
}

void ChildTable::resize(size_t capacity) {
  ChildTable larger;
  larger.block_ = std::make_unique<uint32_t[]>(words(capacity));
  larger.block_[0] = static_cast<uint32_t>(capacity << 16);
  larger.set_size(size());
  if (size() > 0) {
    std::memcpy(larger.keys(), keys(), size());
    std::memcpy(larger.nodes(), nodes(), size() * sizeof(uint32_t));
  }
  block_ = std::move(larger.block_);
}

NodeIndex RadixNodes::take() {
  ++live_;
  if (first_free_ != kNoNode) {
    const NodeIndex index = first_free_;
    first_free_ = std::exchange((*this)[index].parent, kNoNode);
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
  CHECK(node.children.size() == 0);
  CHECK(node.pattern == kNoNode);
  node.label = EdgeLabel();
  node.parent = first_free_;
  first_free_ = index;
}

size_t RadixNodes::memory_bytes() const {
  return chunks_.size() * kChunk * sizeof(RadixNode) + chunks_.capacity() * sizeof(chunks_[0]);
}

}  // namespace ringroad::shard
