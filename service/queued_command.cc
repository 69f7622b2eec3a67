// queued_command.cc — Server::command() with a WorkQueue: the handler runs there (V86).
// Why here: a shard knows no queues; all this needs is the public interface of a server.
#include <memory>
#include <string>
#include <utility>

#include "base/failure.h"
#include "base/log.h"
#include "ringroad/server.h"
#include "ringroad/work_queue.h"
#include "service/late_replies.h"
#include "service/work_queue_core.h"

namespace ringroad {
namespace {

/// A request with its bytes: it outlives the shard's handler, and perhaps its client.
class QueuedCall final : public Call {
 public:
  QueuedCall(Call& call, std::shared_ptr<service::LateReplies> replies)
      : replies_(std::move(replies)),
        client_(call.client()),
        url_(call.url()),
        method_(call.method()),
        payload_{std::string(call.payload().param), std::string(call.payload().data)},
        view_(payload_.view()),
        seqno_(call.seqno()) {}
  /// Whoever called must not wait for a handler that never ran.
  ~QueuedCall() {
    if (state_ == State::waiting) refuse();
  }
  QueuedCall(const QueuedCall&) = delete;
  QueuedCall& operator=(const QueuedCall&) = delete;

  RemoteClient client() override { return client_; }
  std::string_view url() const override { return url_; }
  Method method() const override { return method_; }
  const PayloadView& payload() const override { return view_; }
  uint32_t seqno() const override { return seqno_; }
  Status reply(const ReplyContent& content) override {
    state_ = State::replied;
    return replies_->reply_patiently(client_, seqno_, content);  // this thread may wait
  }
  Result<Stream> create_stream(StreamOptions) override {
    return Status(
        StatusCode::unsupported,
        "a stream is opened on its shard's thread: register this command without a queue");
  }

  size_t bytes() const { return url_.size() + payload_.param.size() + payload_.data.size(); }

  void run(const Server::CommandHandler& handler) {
    state_ = State::running;
    try {
      handler(*this);
    } catch (...) {
      if (state_ == State::running) refuse();
      throw;  // the queue counts and logs it, with our key
    }
  }
  /// The queue did not take it; it is answered elsewhere.
  void disown() { state_ = State::replied; }

 private:
  enum class State : uint8_t { waiting, running, replied };

  void refuse() {
    state_ = State::replied;
    replies_->reply(client_, seqno_, {.status = ReplyStatus::no_responding});
  }

  const std::shared_ptr<service::LateReplies> replies_;
  RemoteClient client_;
  const std::string url_;
  const Method method_;
  const Payload payload_;
  const PayloadView view_;
  const uint32_t seqno_;
  State state_ = State::waiting;
};

}  // namespace

Status Server::command(std::string_view url, CommandHandler handler, WorkQueue& queue) {
  if (!handler) return command(url, std::move(handler));
  auto shared = std::make_shared<const CommandHandler>(std::move(handler));
  return command(url, [shared = std::move(shared), core = queue.core()](Call& call) {
    const auto queued = std::make_shared<QueuedCall>(call, core->replies());
    const Status added = core->add({.key = std::string(call.url()),
                                    .function = [shared, queued] { queued->run(*shared); },
                                    .bytes = queued->bytes()},
                                   WorkQueueCore::Twins::allowed)
                             .status();
    if (added.ok()) return;
    queued->disown();
    LOG(warn, "event=queued_call_refused url={} cause={}", call.url(), to_string(added.code()));
    (void)call.reply({.status = added.code() == StatusCode::overloaded
                                    ? ReplyStatus::no_memory
                                    : ReplyStatus::no_responding});
  });
}

}  // namespace ringroad
