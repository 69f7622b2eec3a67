// intrusive_list.h — doubly linked list whose links live in the elements.
// Owner:  the list owns nothing; an element must be unlinked before it dies (checked).
// Thread: one.
// Cost:   push, remove, pop: O(1), no allocation. An element can be in several lists through
// several hooks.
#pragma once

#include <cstddef>

#include "base/check.h"

namespace ringroad::base {

class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { CHECK(!linked()); }

  bool linked() const { return next_ != nullptr; }
  /// Leaves whatever list it is in; nothing if in none.
  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = nullptr;
    prev_ = nullptr;
  }

  // For IntrusiveList only.
  ListHook* next_ = nullptr;
  ListHook* prev_ = nullptr;
};

template <typename T, ListHook T::*Hook>
class IntrusiveList {
 public:
  IntrusiveList() { reset(); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    CHECK(empty());
    head_.next_ = nullptr;
    head_.prev_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }

  void push_back(T& element) {
    ListHook& hook = element.*Hook;
    CHECK(!hook.linked());
    hook.prev_ = head_.prev_;
    hook.next_ = &head_;
    head_.prev_->next_ = &hook;
    head_.prev_ = &hook;
  }

  T& front() {
    CHECK(!empty());
    return *owner(head_.next_);
  }

  T& pop_front() {
    T& element = front();
    (element.*Hook).unlink();
    return element;
  }

  /// Moves all elements of `other` behind ours: O(1).
  void splice_back(IntrusiveList& other) {
    if (other.empty()) return;
    ListHook* first = other.head_.next_;
    ListHook* last = other.head_.prev_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
    other.reset();
  }

  /// visit(T&) may unlink the element it is given, and no other.
  template <typename Visit>
  void for_each(Visit visit) {
    for (ListHook* hook = head_.next_; hook != &head_;) {
      ListHook* next = hook->next_;
      visit(*owner(hook));
      hook = next;
    }
  }

 private:
  static T* owner(ListHook* hook) {
    // Where the hook lies inside T; the element is that much before it.
    alignas(T) static const char storage[sizeof(T)] = {};
    const T* probe = reinterpret_cast<const T*>(storage);
    const ptrdiff_t offset = reinterpret_cast<const char*>(&(probe->*Hook)) - storage;
    return reinterpret_cast<T*>(reinterpret_cast<char*>(hook) - offset);
  }
  void reset() { head_.next_ = head_.prev_ = &head_; }

  ListHook head_;
};

}  // namespace ringroad::base
