// remote.h — what sub, call, send and ping have in common: whom to talk to, and waiting for
// answers.
// Thread: main thread; the library's callbacks only fill an Answer and notify.
// Bound:  every wait ends by its own time limit or by Ctrl-C.
// Fails:  values; a wait that Ctrl-C ended is `cancelled`.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/client.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

/// Options that every client subcommand has.
struct RemoteOptions {
  std::string target;             // vsoa://host:port[/url]
  std::vector<std::string> urls;  // behind the target
  std::string password;
  double timeout_s = 10.0;  // to connect, and for each answer
  uint64_t count = 1;

  std::chrono::milliseconds timeout() const;
};

/// Options of what is sent: call and send.
struct ContentOptions {
  std::string param;
  std::string data;  // literal, or @FILE
};

struct Target {
  std::string server;  // "vsoa://host:port"
  std::string url;     // "/a/b", or empty
};

void add_remote_options(CLI::App& app, RemoteOptions& options);
void add_content_options(CLI::App& app, ContentOptions& options);

/// invalid_argument if it is not vsoa://host:port[/url]; the text ends with the example.
Result<Target> parse_target(std::string_view text, std::string_view example);
/// The server alone: a URL would be left unused.
Result<std::string> parse_server(std::string_view text);
/// The URLs of the target or of what stands behind it: at least one, and not in both places.
Result<std::vector<std::string>> urls_of(const Target& target, const RemoteOptions& options,
                                         std::string_view example);
/// The target with its one URL, wherever it stands.
Result<Target> target_with_url(const RemoteOptions& options, std::string_view example);
/// Says so if some servers will not take this param.
void warn_of_param(const ContentOptions& options);
/// The bytes that --data stands for.
Result<std::string> read_data(const ContentOptions& options);

/// One value on its way from a callback to the main thread.
template <typename T>
class Answer {
 public:
  explicit Answer(WaitPoint& wait_point) : wait_point_(wait_point) {}

  void set(T value) {
    {
      const std::lock_guard lock(mutex_);
      value_ = std::move(value);
    }
    wait_point_.notify();
  }

  /// Empty if Ctrl-C came first.
  std::optional<T> wait() {
    while (!wait_point_.interrupted()) {
      {
        const std::lock_guard lock(mutex_);
        if (value_) return std::move(value_);
      }
      wait_point_.wait();
    }
    return std::nullopt;
  }

 private:
  WaitPoint& wait_point_;
  std::mutex mutex_;
  std::optional<T> value_;
};

inline Status interrupted_status() {
  return Status(StatusCode::cancelled, "interrupted");
}

/// connect_async(), waited for; a failure says what may help.
Status connect(Client& client, const std::string& server, ConnectOptions options,
               WaitPoint& wait_point);
/// fetch(), waited for so that Ctrl-C ends it.
Result<Reply> fetch(Client& client, std::string_view url, const CallRequest& request,
                    WaitPoint& wait_point);
/// ping(), likewise.
Result<std::chrono::nanoseconds> ping(Client& client, std::chrono::milliseconds timeout,
                                      WaitPoint& wait_point);

}  // namespace ringroad::tools
