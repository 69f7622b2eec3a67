// conform_guest.h — one client of the server under examination, with bounded waits for everything.
// Owner:  a check.   Thread: main thread; the library's callbacks only fill boxes.
// Bound:  each wait ends with Exam::patience(); a box keeps kMessagesMax messages of kBytesMax
//         together, and tells the Exam when more came.
// Fails:  values: what did not happen in time is said, never waited for.
// Why here: a check must end whatever the server does, so nothing here waits without a limit.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/client.h"

namespace ringroad::tools {

/// Whom to examine, and how much time there is.
struct Exam {
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBudget{33'000};   // of all checks together
  static constexpr std::chrono::milliseconds kPatience{4'000};  // of one wait

  std::string server;  // vsoa://HOST:PORT
  std::string password;
  Clock::time_point end = Clock::now() + kBudget;
  /// A box was full: set by callbacks.
  std::shared_ptr<std::atomic<bool>> flooded = std::make_shared<std::atomic<bool>>(false);

  /// For the next wait; never less than 1 ms.
  std::chrono::milliseconds patience() const;
  bool time_is_up() const { return Clock::now() >= end; }
};

struct GuestMessage {
  std::string url;
  std::string param;
  std::string data;
  Channel channel = Channel::normal;
};

/// Messages in the order they came. Shared with callbacks that may outlive a wait.
class MessageBox {
 public:
  static constexpr size_t kMessagesMax = 20'000;
  static constexpr size_t kBytesMax = 8 * 1'048'576;
  using Messages = std::vector<GuestMessage>;

  explicit MessageBox(std::shared_ptr<std::atomic<bool>> flooded) : flooded_(std::move(flooded)) {}
  void add(std::string_view url, const PayloadView& payload, Channel channel);
  Messages all() const;
  size_t size() const;
  /// Waits until the predicate holds for what has come; its last answer.
  bool wait(const std::function<bool(const Messages&)>& predicate,
            std::chrono::milliseconds patience) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Messages messages_;
  size_t bytes_ = 0;
  std::shared_ptr<std::atomic<bool>> flooded_;
};

/// The value that a callback brings, or a Status.
template <typename T>
class Promised {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_all();
  }
  /// Empty if it did not come.
  std::optional<T> wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return value_.has_value(); });
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

class Guest {
 public:
  Guest(const Exam& exam, ClientLoop& loop);

  Status connect();
  Status connect_with(const std::string& password, std::chrono::milliseconds patience);

  Result<Reply> call(std::string_view url, const CallRequest& request = {});
  /// The whole list in one request if it has more than one URL.
  Status subscribe(const std::vector<std::string>& urls);
  Status unsubscribe(const std::vector<std::string>& urls);
  Status unsubscribe_all();
  Status ping();
  bool wait_messages(const std::function<bool(const MessageBox::Messages&)>& predicate) const;
  bool wait_datagrams(const std::function<bool(const MessageBox::Messages&)>& predicate) const;
  /// Waits until so many messages of this URL have come.
  bool wait_for(std::string_view url, size_t count) const;

  const Exam& exam() const { return exam_; }
  Client& client() { return client_; }
  const MessageBox& messages() const { return *messages_; }
  const MessageBox& datagrams() const { return *datagrams_; }

 private:
  using Start = std::function<Status(Client::DoneCallback)>;
  Status wait_for_status(const Start& start, std::chrono::milliseconds patience);

  const Exam& exam_;
  std::shared_ptr<MessageBox> messages_;
  std::shared_ptr<MessageBox> datagrams_;
  Client client_;  // goes first: no callback runs behind it
};

/// Of a subscription to /tick that hears nothing at all.
inline constexpr const char* kNoTicks = "the server publishes no /tick: is it a playground?";

/// "/echo: timed_out: …"
std::string why(std::string_view what, const Status& status);
/// True if a subscription was refused with status 3: no such topic (D7).
bool is_unknown_topic(const Status& status);
size_t count_of(const MessageBox::Messages& messages, std::string_view url);

}  // namespace ringroad::tools
