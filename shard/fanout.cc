#include "shard/fanout.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "shard/interest_filter.h"

namespace ringroad::shard {

Fanout::Fanout(engine::BlockPool& pool, InterestFilter& filter, size_t queue_bytes_max)
    : pool_(pool),
      filter_(filter),
      queue_bytes_max_(queue_bytes_max),
      lag_bytes_max_(queue_bytes_max / 2),
      behind_bytes_(queue_bytes_max / 4),
      table_(pool) {
  CHECK(queue_bytes_max >= base::kQueueBytesMin);
}

Fanout::~Fanout() {
  for (auto& cohorts : dirty_) {
    while (!cohorts.empty()) cohorts.pop_front();
  }
  CHECK(table_.size() == 0);
}

// ---- Publishing

template <typename Visit>
void Fanout::for_each_cohort(std::string_view url, Visit visit) {
  // Nothing below may destroy a cohort, or store in the memo: members that overflow leave
  // afterwards.
  if (const MatchMemo::Entry* known = memo_.find(url, table_.version())) {
    for (const uint32_t cohort : known->ids()) visit(*table_.at(cohort));
    return;
  }
  match_slow(url);
  for (const uint32_t cohort : matched_) visit(*table_.at(cohort));
}

void Fanout::match_slow(std::string_view url) {
  ++publish_number_;
  matched_.clear();
  trie_.match(url, [this](PatternId pattern) {
    for (Cohort* cohort : table_.cohorts_of(pattern)) {
      if (cohort->visited_ == publish_number_) continue;
      cohort->visited_ = publish_number_;
      matched_.push_back(cohort->index_);
    }
  });
  if (table_.has_priorities()) {  // quick packets leave in this order (V18)
    const auto priority = [this](uint32_t index) { return table_.at(index)->standing_.priority; };
    const auto prior = std::partition(matched_.begin(), matched_.end(),
                                      [&](uint32_t index) { return priority(index) != 0; });
    std::sort(matched_.begin(), prior,
              [&](uint32_t a, uint32_t b) { return priority(a) > priority(b); });
  }
  memo_.store(url, table_.version(), matched_);
}

size_t Fanout::publish(std::string_view url, const engine::Slice& packet) {
  size_t clients = 0;
  for_each_cohort(url, [&](Cohort& cohort) {
    clients += cohort.members_.size();
    append(cohort, url, packet);
  });
  stats_.offered.add(clients);
  if (!overflowed_.empty()) end_overflowed();
  return clients;
}

size_t Fanout::publish_quick(std::string_view url, std::span<const std::byte> packet) {
  size_t clients = 0;
  for_each_cohort(url, [&](Cohort& cohort) {
    clients += cohort.members_.size();
    for (Member* member : cohort.members_) member->send_quick(packet);
  });
  return clients;
}

void Fanout::append(Cohort& cohort, std::string_view url, const engine::Slice& packet) {
  const bool many = cohort.members_.size() >= base::kCopyMembersMin;
  // Each pass takes everybody who is more than half way, so that the next one is as many bytes
  // away. A small cohort's log does not copy; its members' own lanes do.
  if (cohort.log_.span() + packet.size() > lag_bytes_max_) {
    shed_laggards(cohort, behind_bytes_);
  } else if (!many && cohort.log_.wasteful()) {
    shed_laggards(cohort, 0);
  }
  stats_.appends.add();
  engine::Slice stored = packet;
  if (cohort.log_.cursors() > 0) {
    stored =
        cohort.log_.append(packet, many ? CohortLog::Gather::copy : CohortLog::Gather::reference);
  }
  cohort.straggling_.for_each([&](Member& member) { push_to_straggler(member, url, stored); });
  if (cohort.waiting_.empty()) return;
  cohort.due_.splice_back(cohort.waiting_);
  mark_dirty(cohort);
}

void Fanout::push_to_straggler(Member& member, std::string_view url, const engine::Slice& packet) {
  if (conflates(member)) return conflate(member, url, packet);
  if (pending_bytes(member) + packet.size() > queue_bytes_max_) return overflow(member);
  ++member.queued_packets_;
  push(member, Lane::ordered, packet);
}

/// The packet that is being published does not fit: the member ends once everybody had it.
void Fanout::overflow(Member& member) {
  member.hook_.unlink();
  overflowed_.push_back(member);
  stats_.dropped.add();  // this packet; leave() counts what was pending
}

void Fanout::end_overflowed() {
  while (!overflowed_.empty()) {
    Member& member = overflowed_.pop_front();
    const size_t pending = pending_bytes(member);
    stats_.overflows.add();
    member.on_overflow(pending);
    CHECK(member.cohort_ == nullptr);  // it has left, or it would be pushed to again
  }
}

void Fanout::shed_laggards(Cohort& cohort, size_t lag_bytes_max) {
  const uint64_t end = cohort.log_.end().bytes;
  for (Member* member : cohort.members_) {
    if (member->following_ == Member::Following::log && end - member->cursor_.bytes > lag_bytes_max)
      straggle(*member);
  }
}

void Fanout::mark_dirty(Cohort& cohort) {
  if (cohort.dirty_hook_.linked()) return;
  dirty_[cohort.standing_.priority].push_back(cohort);
  due_ |= 1U << cohort.standing_.priority;
}

// ---- One member's way

void Fanout::straggle(Member& member) {
  if (member.following_ != Member::Following::log) return;
  Cohort& cohort = *member.cohort_;
  conflates(member) ? conflate_rest(member) : take_rest(member);
  cohort.log_.leave(member.cursor_);
  member.hook_.unlink();
  member.following_ = Member::Following::lane;
  cohort.straggling_.push_back(member);
  count_pinned(member);
  // Nobody flushes it with its cohort any more.
  if (!member.caught_up()) member.flush_soon();
}

void Fanout::take_rest(Member& member) {
  CohortLog& log = member.cohort_->log_;
  member.queued_packets_ += static_cast<uint32_t>(log.end().packets - member.cursor_.packets);
  log.take_rest(member.cursor_, [&](engine::Slice rest) {
    member.outbox_.push(Lane::ordered, std::move(rest));
    member.outbox_.fold(pool_);
  });
}

void Fanout::detach(Member& member) {
  straggle(member);
}

void Fanout::push_ordered(Member& member, engine::Slice packet) {
  straggle(member);
  fence(member);
  push(member, Lane::ordered, std::move(packet));
}

void Fanout::push_control(Member& member, engine::Slice packet) {
  push(member, Lane::control, std::move(packet));
}

void Fanout::push_solo(Member& member, engine::Slice packet) {
  // Who asks again and again, and does not read, must not pin a block each time.
  if (!member.outbox_.solo_empty()) packet = pool_.gather({&packet, 1});
  member.outbox_.push_solo(std::move(packet));
  member.flush_soon();
}

void Fanout::push(Member& member, Lane lane, engine::Slice packet) {
  member.outbox_.push(lane, std::move(packet));
  member.outbox_.fold(pool_);
  count_pinned(member);
  member.flush_soon();
}

void Fanout::count_pinned(Member& member) {
  size_t pinned = member.outbox_.pinned_bytes();
  if (member.conflated_ != nullptr) pinned += member.conflated_->pinned_bytes();
  if (pinned == member.pinned_bytes_) return;
  stats_.pinned_bytes.add(pinned);
  stats_.pinned_bytes.sub(std::exchange(member.pinned_bytes_, pinned));
}

void Fanout::compose(Member& member, engine::SendBatch& batch) {
  if (member.outbox_.drained()) {
    stats_.sent.add(std::exchange(member.queued_packets_, 0U));
    if (member.conflated_ != nullptr) compose_conflated(member, batch);
  }
  count_pinned(member);
  if (!member.caught_up()) return;
  member.conflating_ = false;
  if (member.following_ == Member::Following::none) return;
  member.hook_.unlink();  // from the waiting, the due or the straggling
  CohortLog& log = member.cohort_->log_;
  if (member.following_ == Member::Following::lane) {
    member.following_ = Member::Following::log;
    member.cursor_ = log.enter();
  }
  const uint64_t before = member.cursor_.packets;
  if (batch.room()) log.read(member.cursor_, batch);
  stats_.sent.add(member.cursor_.packets - before);
  if (batch.empty()) member.cohort_->waiting_.push_back(member);  // no send, so no settle()
}

void Fanout::settle(Member& member) {
  if (pending_bytes(member) > 0) return member.flush_soon();
  if (member.following_ == Member::Following::log && !member.hook_.linked())
    member.cohort_->waiting_.push_back(member);
}

size_t Fanout::pending_bytes(const Member& member) const {
  size_t bytes = member.outbox_.pending_bytes();
  if (member.conflated_ != nullptr) bytes += member.conflated_->bytes();
  if (member.following_ == Member::Following::log) {
    bytes += static_cast<size_t>(member.cohort_->log_.end().bytes - member.cursor_.bytes);
  }
  return bytes;
}

uint64_t Fanout::pending_packets(const Member& member) const {
  uint64_t packets = member.queued_packets_;
  if (member.conflated_ != nullptr) packets += member.conflated_->packets();
  if (member.following_ == Member::Following::log)
    packets += member.cohort_->log_.end().packets - member.cursor_.packets;
  return packets;
}

size_t Fanout::flush(size_t priority, size_t sends) {
  auto& cohorts = dirty_[priority];
  size_t done = 0;
  while (!cohorts.empty()) {
    Cohort& cohort = cohorts.pop_front();
    while (!cohort.due_.empty()) {
      if (done == sends) {
        cohorts.push_back(cohort);  // behind the others: a busy one must not starve them
        return done;
      }
      ++done;
      cohort.due_.pop_front().flush_now();
    }
  }
  due_ &= ~(1U << priority);
  return done;
}

bool Fanout::flush(size_t sends) {
  for (size_t priority = base::kPriorities; priority-- > 0 && due_ != 0;) {
    if ((due_ >> priority & 1U) != 0) sends -= flush(priority, sends);
  }
  return flushed();
}

}  // namespace ringroad::shard
