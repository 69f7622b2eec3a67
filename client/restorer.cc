#include "client/restorer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/json.h"

namespace ringroad::client {
namespace {

// One list: far below the largest packet, whatever escaping makes of a URL.
constexpr size_t kListUrlsMax = 1'024;
constexpr size_t kListBytesMax = base::kPayloadBytesMax / 8;

bool exact(std::string_view url) {
  return !url.ends_with('/');
}

}  // namespace

Status Restorer::remember(const std::vector<std::string>& urls) {
  Status outcome;
  for (const std::string& url : urls) {
    if (urls_.contains(url)) {
      urls_[url] = Standing::accepted;
      continue;
    }
    if (urls_.size() >= base::kSubscriptionsPerClientMax ||
        url_bytes_ + url.size() > base::kSubscriptionBytesPerClientMax) {
      outcome = {
          StatusCode::resource_exhausted,
          "subscribed, but the robot will not restore it: it remembers 65,536 URLs of 4 MiB"};
      continue;
    }
    urls_.emplace(url, Standing::accepted);
    url_bytes_ += url.size();
  }
  return outcome;
}

void Restorer::forget(const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    if (urls_.erase(url) > 0) url_bytes_ -= url.size();
    std::erase(gets_todo_, url);
    on_publish(url);  // its value is not wanted any more
  }
}

void Restorer::forget_all() {
  urls_.clear();
  url_bytes_ = 0;
  gets_todo_.clear();
  for (Get& get : gets_) get.superseded = true;
}

void Restorer::begin(ListForm form) {
  CHECK(work_ == Work::none);
  work_ = Work::restoring;
  form_ = form;
  consistent_ = false;
  todo_.clear();
  for (const auto& [url, standing] : urls_) todo_.push_back(url);
  std::reverse(todo_.begin(), todo_.end());
  send_asks();
}

void Restorer::retry() {
  send_gets();
  if (work_ != Work::none) return;
  for (const auto& [url, standing] : urls_) {
    if (standing == Standing::unknown) todo_.push_back(url);
  }
  if (todo_.empty()) return;
  work_ = Work::retrying;
  form_ = ListForm::one_by_one;
  send_asks();
}

/// The next of todo_ that one request can hold; none: there are no more.
std::vector<std::string> Restorer::next_urls() {
  const size_t urls_max = form_ == ListForm::list ? kListUrlsMax : 1;
  std::vector<std::string> urls;
  size_t bytes = 0;
  while (!todo_.empty() && urls.size() < urls_max) {
    // A long one goes alone, where nothing is escaped.
    if (!urls.empty() && bytes + todo_.back().size() > kListBytesMax) break;
    std::string url = std::move(todo_.back());
    todo_.pop_back();
    if (!urls_.contains(url)) continue;  // unsubscribed since
    bytes += url.size();
    urls.push_back(std::move(url));
  }
  return urls;
}

void Restorer::send_asks() {
  const size_t asks_max = form_ == ListForm::list ? 1 : kAsksMax;
  while (asks_.size() < asks_max) {
    Ask ask{.number = next_number_++, .urls = next_urls()};
    if (ask.urls.empty()) break;
    if (send(ask)) {
      asks_.push_back(std::move(ask));
      continue;
    }
    if (asks_.empty()) return finish({StatusCode::overloaded, "no room to restore subscriptions"});
    todo_.insert(todo_.end(), ask.urls.rbegin(), ask.urls.rend());  // with the next answer
    return;
  }
  if (asks_.empty()) finish({});
}

bool Restorer::send(const Ask& ask) {
  std::string list;
  proto::PacketSpec spec{.type = proto::PacketType::subscribe};
  if (ask.urls.size() == 1) {
    spec.url = ask.urls.front();
  } else {
    list = proto::json_list(ask.urls);
    spec.param = list;
  }
  return host_.restore_request(
      spec, [this, number = ask.number](const Result<Reply>& reply) { on_answer(number, reply); });
}

void Restorer::on_answer(uint64_t number, const Result<Reply>& reply) {
  const auto at = std::find_if(asks_.begin(), asks_.end(),
                               [&](const Ask& ask) { return ask.number == number; });
  if (at == asks_.end()) return;  // of a connection, or of a round, that has ended
  const std::vector<std::string> urls = std::move(at->urls);
  asks_.erase(at);
  if (!reply.ok()) return finish(reply.status());
  judge(urls, reply->status);
  send_asks();
}

// A list is judged as a whole; only one by one shows whom the refusal is about.
void Restorer::judge(const std::vector<std::string>& urls, ReplyStatus status) {
  if (status != ReplyStatus::success && urls.size() > 1) {
    form_ = ListForm::one_by_one;
    todo_.insert(todo_.end(), urls.rbegin(), urls.rend());
    return;
  }
  for (const std::string& url : urls) {
    const auto at = urls_.find(url);
    if (at == urls_.end()) {  // unsubscribed meanwhile, and perhaps before this arrived there
      if (status == ReplyStatus::success) unsubscribe(url);
      continue;
    }
    const bool fresh = at->second != Standing::accepted;
    at->second = status == ReplyStatus::success       ? Standing::accepted
                 : status == ReplyStatus::invalid_url ? Standing::unknown
                                                      : Standing::refused;
    if (at->second == Standing::refused) {
      LOG(warn, "event=subscription_refused url={} status={}", url, static_cast<int>(status));
    }
    const bool late = fresh && consistent_ && at->second == Standing::accepted;
    if (late) want_value(url);
  }
}

void Restorer::unsubscribe(const std::string& url) {
  const proto::PacketSpec spec{.type = proto::PacketType::unsubscribe, .url = url};
  if (!host_.restore_request(spec, [](const Result<Reply>&) {})) {
    LOG(warn, "event=not_unsubscribed url={} cause=overloaded", url);
  }
}

void Restorer::finish(const Status& status) {
  const bool restoring = std::exchange(work_, Work::none) == Work::restoring;
  todo_.clear();
  asks_.clear();
  if (restoring) return host_.on_restored(status);
  send_gets();
}

void Restorer::make_consistent() {
  consistent_ = true;
  for (auto at = urls_.rbegin(); at != urls_.rend(); ++at) {
    if (at->second == Standing::accepted) want_value(at->first);
  }
  send_gets();
}

void Restorer::want_value(const std::string& url) {
  if (exact(url)) gets_todo_.push_back(url);
}

void Restorer::send_gets() {
  while (!gets_todo_.empty() && gets_.size() < kGetsMax) {
    Get get{.number = next_number_++, .url = std::move(gets_todo_.back())};
    gets_todo_.pop_back();
    const proto::PacketSpec spec{.type = proto::PacketType::rpc, .url = get.url};
    const bool sent = host_.restore_request(
        spec, [this, number = get.number](const Result<Reply>& reply) { on_get(number, reply); });
    if (!sent) return gets_todo_.push_back(std::move(get.url));  // with the next ping
    gets_.push_back(std::move(get));
  }
}

void Restorer::on_get(uint64_t number, const Result<Reply>& reply) {
  const auto at = std::find_if(gets_.begin(), gets_.end(),
                               [&](const Get& get) { return get.number == number; });
  if (at == gets_.end()) return;  // of a connection that has ended
  const Get get = std::move(*at);
  gets_.erase(at);
  if (reply.ok() && reply->status == ReplyStatus::success && !get.superseded) {
    host_.on_value(get.url, reply->payload.view());
  }
  send_gets();
}

void Restorer::on_publish(std::string_view url) {
  for (Get& get : gets_) {
    if (get.url == url) get.superseded = true;
  }
}

void Restorer::stop() {
  work_ = Work::none;
  todo_.clear();
  asks_.clear();
  gets_todo_.clear();
  gets_.clear();
}

}  // namespace ringroad::client
