#include "tools/conform_guest.h"

#include <fmt/format.h>

#include <algorithm>

namespace ringroad::tools {

std::chrono::milliseconds Exam::patience() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return std::clamp(left, std::chrono::milliseconds(1), kPatience);
}

void MessageBox::add(std::string_view url, const PayloadView& payload, Channel channel) {
  const std::lock_guard lock(mutex_);
  bytes_ += url.size() + payload.param.size() + payload.data.size();
  if (messages_.size() == kMessagesMax || bytes_ > kBytesMax) {
    flooded_->store(true, std::memory_order_relaxed);
    return;
  }
  messages_.push_back(
      {std::string(url), std::string(payload.param), std::string(payload.data), channel});
  changed_.notify_all();
}

MessageBox::Messages MessageBox::all() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

size_t MessageBox::size() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

bool MessageBox::wait(const std::function<bool(const Messages&)>& predicate,
                      std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return predicate(messages_); });
}

Guest::Guest(const Exam& exam, ClientLoop& loop)
    : exam_(exam),
      messages_(std::make_shared<MessageBox>(exam.flooded)),
      datagrams_(std::make_shared<MessageBox>(exam.flooded)),
      client_(loop) {
  const auto into = [](const std::shared_ptr<MessageBox>& box) {
    return [box](std::string_view url, const PayloadView& payload, Channel channel) {
      box->add(url, payload, channel);
    };
  };
  client_.on_message(into(messages_));
  client_.on_data(into(datagrams_));
}

Status Guest::wait_for_status(const Start& start, std::chrono::milliseconds patience) {
  const auto outcome = std::make_shared<Promised<Status>>();
  const Status started = start([outcome](const Status& status) { outcome->set(status); });
  if (!started.ok()) return started;
  const auto answer = outcome->wait(patience);
  return answer.value_or(Status(StatusCode::timed_out, "the server did not answer"));
}

Status Guest::connect() {
  return connect_with(exam_.password, exam_.patience());
}

Status Guest::connect_with(const std::string& password, std::chrono::milliseconds patience) {
  const ConnectOptions options = {.password = password, .timeout = patience};
  return wait_for_status(
      [&](Client::DoneCallback done) {
        return client_.connect_async(exam_.server, options, std::move(done));
      },
      patience + Exam::kPatience);  // the client itself keeps to its timeout
}

Result<Reply> Guest::call(std::string_view url, const CallRequest& request) {
  CallRequest limited = request;
  limited.timeout = exam_.patience();
  return client_.fetch(url, limited);
}

Status Guest::subscribe(const std::vector<std::string>& urls) {
  return wait_for_status(
      [&](Client::DoneCallback done) {
        return urls.size() == 1 ? client_.subscribe_async(urls.front(), std::move(done))
                                : client_.subscribe_async(urls, std::move(done));
      },
      exam_.patience());
}

Status Guest::unsubscribe(const std::vector<std::string>& urls) {
  return wait_for_status(
      [&](Client::DoneCallback done) {
        return urls.size() == 1 ? client_.unsubscribe_async(urls.front(), std::move(done))
                                : client_.unsubscribe_async(urls, std::move(done));
      },
      exam_.patience());
}

Status Guest::unsubscribe_all() {
  return wait_for_status(
      [&](Client::DoneCallback done) { return client_.unsubscribe_all_async(std::move(done)); },
      exam_.patience());
}

Status Guest::ping() {
  return client_.ping(exam_.patience()).status();
}

bool Guest::wait_messages(const std::function<bool(const MessageBox::Messages&)>& predicate) const {
  return messages_->wait(predicate, exam_.patience());
}

bool Guest::wait_datagrams(
    const std::function<bool(const MessageBox::Messages&)>& predicate) const {
  return datagrams_->wait(predicate, exam_.patience());
}

bool Guest::wait_for(std::string_view url, size_t count) const {
  return wait_messages(
      [&](const MessageBox::Messages& messages) { return count_of(messages, url) >= count; });
}

std::string why(std::string_view what, const Status& status) {
  return fmt::format("{}: {}: {}", what, to_string(status.code()), status.message());
}

bool is_unknown_topic(const Status& status) {
  return status.code() == StatusCode::invalid_argument && status.message().ends_with(" status 3");
}

size_t count_of(const MessageBox::Messages& messages, std::string_view url) {
  return static_cast<size_t>(std::count_if(messages.begin(), messages.end(),
                                           [&](const GuestMessage& m) { return m.url == url; }));
}

}  // namespace ringroad::tools
