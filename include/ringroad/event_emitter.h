// event_emitter.h — named events and who listens to them (V77 to V81).
// Shape:  EventEmitter<Args...>: every event of one emitter carries the same Args. What differs
//         between your events belongs into a struct or into an emitter of its own.
// Thread: one at a time; no lock inside. Listeners run inside emit(), on the thread of emit().
// Order:  that of installation. A listener may install and remove any listener and emit any event,
//         and may destroy the emitter: one installed meanwhile is not called by that emit(), one
//         removed meanwhile is not called any more, and nobody is skipped.
// Fails:  an invalid ListenerId, and false. What a listener throws comes out of emit(); the listeners behind it are
//         not called then, and the emitter stays whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ringroad {

/// Names one installed listener of one emitter; never used again. {} names none.
struct ListenerId {
  uint64_t number = 0;

  bool valid() const { return number != 0; }
  bool operator==(const ListenerId&) const = default;
};

/// The two events that an emitter emits by itself.
inline constexpr std::string_view kNewListenerEvent = "new_listener";
inline constexpr std::string_view kRemoveListenerEvent = "remove_listener";

template <typename... Args>
class EventEmitter {
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "several listeners get the same arguments: none may be moved from");

 public:
  using Listener = std::function<void(Args...)>;
  using Watcher = std::function<void(std::string_view event, ListenerId listener)>;

  EventEmitter() = default;
  ~EventEmitter() {  // an emit() that is under way calls nobody any more
    for (const auto& [ignored, entries] : state_->events) {
      for (const Entry& entry : entries) entry->removed = true;
    }
  }
  EventEmitter(const EventEmitter&) = delete;
  EventEmitter& operator=(const EventEmitter&) = delete;

  /// Installs `listener` behind those of `event`; the same function may be installed several times.
  /// Emits new_listener before. Invalid: the listener is empty, or `event` is one of the two that
  /// are for on_new_listener() and on_remove_listener() (V77).
  ListenerId on(std::string_view event, Listener listener) {
    return install(event, {.listener = std::move(listener)});
  }
  ListenerId add_listener(std::string_view event, Listener listener) {
    return on(event, std::move(listener));
  }
  /// Is removed just before its first call.
  ListenerId once(std::string_view event, Listener listener) {
    return install(event, {.times = Times::once, .listener = std::move(listener)});
  }
  /// Hears of each listener, watchers included, before it is installed; it does not hear of itself.
  ListenerId on_new_listener(Watcher watcher) {
    return install(kNewListenerEvent, {.watcher = std::move(watcher)});
  }
  /// Hears of each listener, watchers included, after it was removed.
  ListenerId on_remove_listener(Watcher watcher) {
    return install(kRemoveListenerEvent, {.watcher = std::move(watcher)});
  }

  /// Removes one, or all of the event in their order; remove_listener follows each. False if there
  /// was none (V78).
  bool remove_listener(std::string_view event, ListenerId listener) {
    const std::shared_ptr<State> state = state_;
    for (const Entry& entry : state->entries(event)) {
      if (entry->id == listener) return state->remove(event, entry);
    }
    return false;
  }
  bool remove_listener(std::string_view event) {
    const std::shared_ptr<State> state = state_;
    return state->remove_all(event);
  }
  /// Of every event, those of remove_listener last, so that it hears of the others (V79).
  bool remove_all_listeners() {
    const std::shared_ptr<State> state = state_;
    bool removed = false;
    for (const std::string& event : state->names()) {
      if (event != kRemoveListenerEvent) removed |= state->remove_all(event);
    }
    return state->remove_all(kRemoveListenerEvent) || removed;
  }
  bool remove_all_listeners(std::string_view event) { return remove_listener(event); }

  size_t listener_count(std::string_view event) const { return state_->entries(event).size(); }
  /// In the order of installation (V80).
  std::vector<ListenerId> listeners(std::string_view event) const {
    std::vector<ListenerId> ids;
    for (const Entry& entry : state_->entries(event)) ids.push_back(entry->id);
    return ids;
  }

  /// Calls the listeners of `event`. True if at least one ran. False for the two events that are the
  /// emitter's own (V81).
  bool emit(std::string_view event, Args... args) {
    if (reserved(event)) return false;
    const std::shared_ptr<State> state = state_;  // a listener may destroy the emitter
    return state->each(event, [&](const Installed& installed) { installed.listener(args...); });
  }

 private:
  enum class Times : uint8_t { always, once };

  struct Installed {
    ListenerId id = {};
    Times times = Times::always;
    bool removed = false;  // an emit() that is under way may still hold it
    Listener listener = {};
    Watcher watcher = {};
  };
  using Entry = std::shared_ptr<Installed>;
  using Entries = std::vector<Entry>;

  static bool reserved(std::string_view event) {
    return event == kNewListenerEvent || event == kRemoveListenerEvent;
  }

  struct State {
    std::map<std::string, Entries, std::less<>> events;  // none is empty
    uint64_t last_number = 0;

    /// A copy: whoever walks it may call the program.
    Entries entries(std::string_view event) const {
      const auto found = events.find(event);
      return found == events.end() ? Entries() : found->second;
    }

    std::vector<std::string> names() const {
      std::vector<std::string> names;
      for (const auto& [name, ignored] : events) names.push_back(name);
      return names;
    }

    template <typename Call>
    bool each(std::string_view event, Call call) {
      bool ran = false;
      const std::string name(event);  // the caller's text may go with a listener
      for (const Entry& entry : entries(name)) {
        if (entry->removed) continue;
        if (entry->times == Times::once) remove(name, entry);
        ran = true;
        call(*entry);
      }
      return ran;
    }

    void tell(std::string_view own_event, std::string_view event, ListenerId listener) {
      each(own_event, [&](const Installed& installed) { installed.watcher(event, listener); });
    }

    bool remove(std::string_view event, const Entry& entry) {
      if (entry->removed) return false;
      entry->removed = true;
      const auto found = events.find(event);
      std::erase(found->second, entry);
      if (found->second.empty()) events.erase(found);
      tell(kRemoveListenerEvent, event, entry->id);
      return true;
    }

    bool remove_all(std::string_view event) {
      bool removed = false;
      const std::string name(event);
      for (const Entry& entry : entries(name)) removed |= remove(name, entry);
      return removed;
    }
  };

  ListenerId install(std::string_view event, Installed installed) {
    if (!installed.listener && !installed.watcher) return {};
    if (reserved(event) != static_cast<bool>(installed.watcher)) return {};
    const std::shared_ptr<State> state = state_;
    const std::string name(event);
    installed.id = {++state->last_number};
    const ListenerId id = installed.id;
    state->tell(kNewListenerEvent, name, id);
    state->events[name].push_back(std::make_shared<Installed>(std::move(installed)));
    return id;
  }

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace ringroad
