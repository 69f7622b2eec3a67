#include "ringroad/syncer.h"

#include <mutex>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "proto/json.h"
#include "proto/json_merge.h"
#include "ringroad/work_queue.h"
#include "service/patiently.h"

namespace ringroad {
namespace {

/// The one of its changes that all targets allow: nothing.
bool is_target(std::string_view text) {
  return proto::json_merge(text, "{}").has_value() || proto::json_merge(text, "[]").has_value();
}

}  // namespace

class SyncerCore {
 public:
  SyncerCore(Server& server, std::string_view url, std::string target, Syncer::Setter setter)
      : server_(server), url_(url), setter_(std::move(setter)), target_(std::move(target)) {}

  Status bind() {
    if (!fits(target())) {
      return {StatusCode::invalid_argument,
              "a syncer's target must be a JSON object or array that fits into a packet"};
    }
    return server_.command(
        url_, [this](Call& call) { handle(call); }, queue_);
  }
  Status set(std::string target) {
    if (!fits(target)) {
      return {StatusCode::invalid_argument,
              "a syncer's target must be a JSON object or array that fits into a packet"};
    }
    return queue_.add([this, target = std::move(target)]() mutable {
      replace(std::move(target));
      publish();
    });
  }
  std::string target() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return target_;
  }
  uint64_t publishes_lost() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return publishes_lost_;
  }

 private:
  bool fits(const std::string& target) const {
    return url_.size() + target.size() <= base::kPayloadBytesMax && is_target(target);
  }
  void replace(std::string target) {
    const std::lock_guard<std::mutex> lock(mutex_);
    target_ = std::move(target);
  }

  void handle(Call& call) {
    if (call.url() != url_) {  // a URL that ends in '/' takes what is below it as well
      (void)call.reply({.status = ReplyStatus::invalid_url});  // the queue's calls wait for room
      return;
    }
    if (call.method() == Method::get) {
      (void)call.reply({.param = target()});
      return;
    }
    const ReplyStatus status = change(call.payload());
    (void)call.reply({.status = status});  // first, then the publish: that is the convention
    if (status == ReplyStatus::success) publish();
  }

  ReplyStatus change(const PayloadView& change) {
    std::string changed = target();
    if (setter_) {
      const ReplyStatus status = setter_(change, changed);
      if (status != ReplyStatus::success) return status;
    } else {
      std::optional<std::string> merged = proto::json_merge(changed, change.param);
      if (!merged) return ReplyStatus::arguments;
      changed = std::move(*merged);
    }
    if (url_.size() + changed.size() > base::kPayloadBytesMax) return ReplyStatus::no_memory;
    if (!is_target(changed)) return ReplyStatus::arguments;  // the setter's doing
    replace(std::move(changed));
    return ReplyStatus::success;
  }

  void publish() {
    const std::string now = target();
    const Status status = service::patiently([&] { return server_.publish(url_, {.param = now}); });
    if (status.ok()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    ++publishes_lost_;
  }

  Server& server_;
  const std::string url_;
  const Syncer::Setter setter_;
  mutable std::mutex mutex_;
  // Under the mutex; written by the queue's jobs only.
  std::string target_;
  uint64_t publishes_lost_ = 0;
  WorkQueue queue_{{.name = "rr-syncer"}};  // goes first: its jobs use the rest
};

Result<Syncer> Syncer::bind(Server& server, std::string_view url, std::string target,
                            Setter setter) {
  auto core = std::make_unique<SyncerCore>(server, url, std::move(target), std::move(setter));
  if (Status status = core->bind(); !status.ok()) return status;
  return Syncer(std::move(core));
}

Syncer::Syncer(std::unique_ptr<SyncerCore> core) : core_(std::move(core)) {
}

Syncer::Syncer(Syncer&&) noexcept = default;
Syncer& Syncer::operator=(Syncer&&) noexcept = default;
Syncer::~Syncer() = default;

std::string Syncer::target() const {
  return core_->target();
}

Status Syncer::set(std::string target) {
  return core_->set(std::move(target));
}

uint64_t Syncer::publishes_lost() const {
  return core_->publishes_lost();
}

}  // namespace ringroad
