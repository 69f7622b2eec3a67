// Property: a command with a queue runs there, in order, with its own copy of the request; every
//           caller gets an answer, also when the queue is full or gone or the handler throws.
// Method:   a real server, clients, and jobs that hold the queue.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "ringroad/client.h"
#include "ringroad/server.h"
#include "ringroad/work_queue.h"
#include "tests/service/full_shard.h"
#include "tests/support/eventually.h"

namespace ringroad {
namespace {

using support::wait_until;

ServerOptions two_shards() {
  return {.shards = 2, .pin_shards = false};
}

std::string url_of(const Server& server) {
  return "vsoa://" + server.address();
}

/// Holds a queue until it is opened, or destroyed.
class Hold {
 public:
  explicit Hold(WorkQueue& queue) {
    EXPECT_TRUE(queue.add([opened = open_.get_future().share()] { opened.wait(); }).ok());
    EXPECT_TRUE(wait_until([&] { return queue.stats().running_now == 1; }));
  }
  ~Hold() { open(); }
  void open() {
    if (!std::exchange(is_open_, true)) open_.set_value();
  }

 private:
  std::promise<void> open_;
  bool is_open_ = false;
};

/// Replies in the order they came.
class Answers {
 public:
  Client::ReplyCallback callback() {
    return [this](const Result<Reply>& reply) {
      if (reply.ok() && reply->status == ReplyStatus::success) {
        params_.push_back(reply->payload.param);
      } else {
        refusals_.push_back(reply.ok() ? static_cast<int>(reply->status) : -1);
      }
      ++count_;
    };
  }
  bool wait_for(size_t count) {
    return wait_until([&] { return count_ >= count; });
  }
  const std::vector<std::string>& params() const { return params_; }
  const std::vector<int>& refusals() const { return refusals_; }

 private:
  // The client's thread writes them; read after wait_for().
  std::vector<std::string> params_;
  std::vector<int> refusals_;
  std::atomic<size_t> count_{0};
};

TEST(QueuedCommand, V86_RunsInTheQueueInOrderWithItsOwnCopy) {
  Server server(two_shards());
  WorkQueue queue;
  std::vector<std::string> urls;  // the queue's thread writes it
  std::atomic<int> threads_differ{0};
  std::thread::id worker;
  ASSERT_TRUE(server
                  .command(
                      "/job/",
                      [&](Call& call) {
                        if (worker == std::thread::id()) worker = std::this_thread::get_id();
                        threads_differ += worker == std::this_thread::get_id() ? 0 : 1;
                        urls.emplace_back(call.url());
                        const std::string param(call.payload().param);
                        EXPECT_EQ(call.payload().data, std::string(3'000, 'd'));
                        EXPECT_EQ(call.method(), Method::set);
                        EXPECT_TRUE(call.reply({.param = param}).ok());
                      },
                      queue)
                  .ok());
  ASSERT_TRUE(server.command("/quick", [](Call& call) { (void)call.reply(); }).ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  Client client;
  ASSERT_TRUE(client.connect(url_of(server)).ok());
  Answers answers;
  Hold hold(queue);
  const std::string data(3'000, 'd');
  for (int i = 0; i < 100; ++i) {
    const std::string param = std::to_string(i);
    ASSERT_TRUE(client
                    .call("/job/" + param, {.method = Method::set, .param = param, .data = data},
                          answers.callback())
                    .ok());
  }
  EXPECT_TRUE(client.fetch("/quick").ok());  // the shard is not held up
  EXPECT_TRUE(wait_until([&] { return queue.stats().waiting_now == 100; }));
  EXPECT_TRUE(queue.is_queued("/job/7"));
  hold.open();
  ASSERT_TRUE(answers.wait_for(100));
  ASSERT_TRUE(queue.drain().ok());
  ASSERT_EQ(answers.params().size(), 100U);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(answers.params()[i], std::to_string(i));
    EXPECT_EQ(urls[i], "/job/" + std::to_string(i));
  }
  EXPECT_EQ(threads_differ, 0);
}

TEST(QueuedCommand, V86_AClientThatHasLeftIsGone) {
  Server server(two_shards());
  WorkQueue queue;
  std::promise<StatusCode> replied;
  ASSERT_TRUE(server
                  .command(
                      "/job",
                      [&](Call& call) {
                        EXPECT_TRUE(wait_until([&] { return call.client().is_closed(); }));
                        EXPECT_EQ(call.payload().param, "1");
                        replied.set_value(call.reply().code());
                      },
                      queue)
                  .ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  {
    Hold hold(queue);
    Client client;
    ASSERT_TRUE(client.connect(url_of(server)).ok());
    ASSERT_TRUE(client.call("/job", {.param = "1"}, nullptr).ok());
    EXPECT_TRUE(wait_until([&] { return queue.stats().waiting_now == 1; }));
  }
  EXPECT_EQ(replied.get_future().get(), StatusCode::gone);
}

TEST(QueuedCommand, V86_AFullQueueAnswersNoMemory) {
  Server server(two_shards());
  WorkQueue queue({.jobs_max = 4, .call_bytes_max = 524'288});
  const auto echo = [](Call& call) { (void)call.reply({.param = call.payload().param}); };
  ASSERT_TRUE(server.command("/job", echo, queue).ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  Client client;
  ASSERT_TRUE(client.connect(url_of(server)).ok());
  Answers answers;
  Hold hold(queue);
  for (const char* param : {"1", "2", "3", "4", "5", "6"}) {
    ASSERT_TRUE(client.call("/job", {.param = param}, answers.callback()).ok());
  }
  ASSERT_TRUE(answers.wait_for(2));  // while the queue is held
  EXPECT_EQ(queue.stats().refused, 2U);
  hold.open();
  ASSERT_TRUE(answers.wait_for(6));
  EXPECT_EQ(answers.refusals(), (std::vector<int>{6, 6}));
  EXPECT_EQ(answers.params(), (std::vector<std::string>{"1", "2", "3", "4"}));
  // And by bytes: the third large call is too much.
  Answers large;
  Hold again(queue);
  const std::string data(200'000, 'd');
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.call("/job", {.data = data}, large.callback()).ok());
  }
  ASSERT_TRUE(large.wait_for(1));
  again.open();
  ASSERT_TRUE(large.wait_for(3));
  EXPECT_EQ(large.refusals(), (std::vector<int>{6}));
}

TEST(QueuedCommand, V86_ACallWhoseHandlerThrowsOrNeverRunsIsAnswered) {
  Server server(two_shards());
  auto queue = std::make_unique<WorkQueue>();
  ASSERT_TRUE(server
                  .command(
                      "/throw", [](Call&) { throw std::runtime_error("no lamp"); }, *queue)
                  .ok());
  ASSERT_TRUE(server
                  .command(
                      "/late",
                      [](Call& call) {
                        (void)call.reply({.param = "1"});
                        throw std::runtime_error("after the reply");
                      },
                      *queue)
                  .ok());
  ASSERT_TRUE(server
                  .command(
                      "/job", [](Call&) { ADD_FAILURE(); }, *queue)
                  .ok());
  EXPECT_EQ(server.command("/empty", nullptr, *queue).code(), StatusCode::invalid_argument);
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  Client client;
  ASSERT_TRUE(client.connect(url_of(server)).ok());
  const Result<Reply> thrown = client.fetch("/throw");
  ASSERT_TRUE(thrown.ok()) << thrown.status().message();
  EXPECT_EQ(thrown->status, ReplyStatus::no_responding);
  const Result<Reply> late = client.fetch("/late");
  ASSERT_TRUE(late.ok()) << late.status().message();
  EXPECT_EQ(late->status, ReplyStatus::success);
  EXPECT_TRUE(wait_until([&] { return queue->stats().failed == 2; }));

  Answers answers;
  auto hold = std::make_unique<Hold>(*queue);
  ASSERT_TRUE(client.call("/job", {}, answers.callback()).ok());
  ASSERT_TRUE(client.call("/job", {}, answers.callback()).ok());
  EXPECT_TRUE(wait_until([&] { return queue->stats().waiting_now == 2; }));
  EXPECT_TRUE(queue->remove("/job"));
  ASSERT_TRUE(answers.wait_for(1));
  std::thread destroyer([&] { queue.reset(); });
  ASSERT_TRUE(answers.wait_for(2));  // while the destructor waits for the job that runs
  hold->open();
  destroyer.join();
  EXPECT_EQ(answers.refusals(), (std::vector<int>{4, 4}));
  const Result<Reply> after = client.fetch("/job");
  ASSERT_TRUE(after.ok()) << after.status().message();
  EXPECT_EQ(after->status, ReplyStatus::no_responding);
}

/// A server with one shard, which can be held, and a client of it.
class QueuedCommandFull : public ::testing::Test {
 protected:
  void open(Server::CommandHandler handler) {
    shard_.add(server_);
    ASSERT_TRUE(server_.command("/job", std::move(handler), queue_).ok());
    ASSERT_TRUE(server_.listen("127.0.0.1:0").ok());
    ASSERT_TRUE(client_.connect(url_of(server_)).ok());
    ASSERT_TRUE(client_.call("/job", {}, answers_.callback()).ok());
  }
  void fill() { shard_.fill(client_, server_.clients().at(0)); }
  void TearDown() override {
    shard_.open();
    client_.disconnect();
    server_.stop();
  }

  Answers answers_;
  WorkQueue queue_;
  Server server_{{.shards = 1, .pin_shards = false}};
  testing::FullShard shard_;
  Client client_;
};

TEST_F(QueuedCommandFull, V86_V35_AnAnswerWaitsForRoom) {
  std::promise<void> full;
  open([&](Call& call) {
    full.get_future().wait();
    EXPECT_TRUE(call.reply({.param = "1"}).ok());
  });
  EXPECT_TRUE(wait_until([&] { return queue_.stats().running_now == 1; }));
  fill();
  full.set_value();
  EXPECT_TRUE(wait_until([&] { return queue_.stats().replies_late == 1; }));
  shard_.open();
  ASSERT_TRUE(answers_.wait_for(1));
  EXPECT_EQ(answers_.params(), (std::vector<std::string>{"1"}));
  EXPECT_TRUE(queue_.drain().ok());
  EXPECT_EQ(queue_.stats().replies_lost, 0U);
}

TEST_F(QueuedCommandFull, V86_V35_AnAnswerThatFindsNoneIsToldAndCounted) {
  base::set_log_level(base::LogLevel::off);
  std::promise<void> full;
  std::promise<StatusCode> replied;
  open([&](Call& call) {
    full.get_future().wait();
    replied.set_value(call.reply({.param = "1"}).code());
  });
  EXPECT_TRUE(wait_until([&] { return queue_.stats().running_now == 1; }));
  fill();
  full.set_value();
  EXPECT_EQ(replied.get_future().get(), StatusCode::overloaded);
  EXPECT_TRUE(queue_.drain().ok());
  EXPECT_EQ(queue_.stats().replies_lost, 1U);
  base::set_log_level(base::LogLevel::warn);
}

TEST_F(QueuedCommandFull, V86_V35_NobodyWaitsForTheAnswerOfACallThatNeverRuns) {
  Hold hold(queue_);
  open([](Call&) { ADD_FAILURE(); });
  EXPECT_TRUE(wait_until([&] { return queue_.is_queued("/job"); }));
  fill();
  EXPECT_TRUE(queue_.remove("/job"));  // here, while the shard is held: it would never end
  EXPECT_EQ(queue_.stats().replies_late, 1U);
  shard_.open();
  ASSERT_TRUE(answers_.wait_for(1));
  EXPECT_EQ(answers_.refusals(), (std::vector<int>{4}));
}

}  // namespace
}  // namespace ringroad
