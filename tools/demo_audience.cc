#include "tools/demo_audience.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tools/crowd.h"
#include "tools/demo_message.h"

namespace ringroad::tools {
namespace {

constexpr size_t kWideMax = 20;
constexpr size_t kPerWide = 50;  // a small audience has fewer that hear everything

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

struct Audience::Subscriber {
  Subscriber(ClientLoop& loop, uint32_t heard, size_t publishers)
      : vehicle(heard), check(publishers), client(loop) {}

  const uint32_t vehicle;               // or kEveryVehicle
  DeliveryCheck check;                  // loop thread
  LatencyHistogram* latency = nullptr;  // of its shard; set before it subscribes
  Client client;                        // last: its callbacks use the above
};

Audience::Audience(ClientLoop& loop, size_t subscribers, const std::vector<std::string>& vehicles,
                   size_t shards)
    : vehicles_(vehicles), listeners_(vehicles.size()), latencies_(shards) {
  for (const std::string& vehicle : vehicles) {
    indices_.emplace(vehicle, static_cast<uint32_t>(urls_.size()));
    urls_.push_back(position_url(vehicle));
  }
  wide_count_ = std::min({kWideMax, std::max<size_t>(1, subscribers / kPerWide), subscribers});
  std::fill(listeners_.begin(), listeners_.end(), wide_count_);
  for (size_t i = 0; i < subscribers; ++i) {
    const bool is_wide = i < wide_count_;
    const auto vehicle = static_cast<uint32_t>((i - wide_count_) % vehicles.size());
    subscribers_.push_back(make_subscriber(loop, is_wide ? kEveryVehicle : vehicle));
    if (!is_wide) ++listeners_[vehicle];
  }
}

Audience::~Audience() = default;

std::unique_ptr<Audience::Subscriber> Audience::make_subscriber(ClientLoop& loop,
                                                                uint32_t vehicle) {
  const size_t publishers = vehicle == kEveryVehicle ? vehicles_.size() : 1;
  auto subscriber = std::make_unique<Subscriber>(loop, vehicle, publishers);
  Subscriber* const self = subscriber.get();
  self->client.on_message([this, self](std::string_view url, const PayloadView& payload, Channel) {
    on_message(*self, url, payload);
  });
  self->client.on_connect([this](bool connected, std::string_view) {
    if (!connected) lost_.fetch_add(1, std::memory_order_relaxed);
  });
  return subscriber;
}

Status Audience::connect(const std::string& server, WaitPoint& wait_point) {
  const auto start = [this, &server](size_t i, Client::DoneCallback done) {
    return subscribers_[i]->client.connect_async(server, {.quick = false}, std::move(done));
  };
  return for_each_in_crowd(subscribers_.size(), start, wait_point);
}

Status Audience::subscribe(WaitPoint& wait_point) {
  for (const auto& subscriber : subscribers_) {
    subscriber->latency = &latencies_[subscriber->client.id() % latencies_.size()];
  }
  const auto start = [this](size_t i, Client::DoneCallback done) {
    Subscriber& subscriber = *subscribers_[i];
    const bool is_wide = subscriber.vehicle == kEveryVehicle;
    return subscriber.client.subscribe_async(is_wide ? kFleetUrl : urls_[subscriber.vehicle],
                                             std::move(done));
  };
  return for_each_in_crowd(subscribers_.size(), start, wait_point);
}

void Audience::disconnect() {
  for (const auto& subscriber : subscribers_) subscriber->client.disconnect();
}

void Audience::on_message(Subscriber& subscriber, std::string_view url,
                          const PayloadView& payload) {
  received_.store(received() + 1, std::memory_order_relaxed);  // one writer
  const bool is_wide = subscriber.vehicle == kEveryVehicle;
  const uint32_t vehicle = is_wide ? index_of(vehicle_of(url)) : subscriber.vehicle;
  const bool is_known = vehicle != kEveryVehicle && url == urls_[vehicle];
  const std::optional<uint64_t> seq = scan_seq(payload.param);
  const std::optional<uint64_t> sent = time_of(payload.data);
  if (!is_known || !seq || !sent) {
    subscriber.check.accept_stray();
    return;
  }
  subscriber.check.accept(is_wide ? vehicle : 0, *seq);
  const uint64_t now = now_ns();
  subscriber.latency->record(now > *sent ? now - *sent : 0);
}

uint32_t Audience::index_of(std::string_view vehicle) const {
  const auto entry = indices_.find(vehicle);
  return entry == indices_.end() ? kEveryVehicle : entry->second;
}

DeliveryVerdict Audience::verdict(std::span<const uint64_t> sent) const {
  DeliveryVerdict total;
  for (const auto& subscriber : subscribers_) {
    const bool is_wide = subscriber->vehicle == kEveryVehicle;
    total += subscriber->check.verdict(is_wide ? sent : sent.subspan(subscriber->vehicle, 1));
  }
  return total;
}

}  // namespace ringroad::tools
