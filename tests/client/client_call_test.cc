// Property: requests arrive as documented packets; each gets exactly one answer, whatever becomes
//           of the connection.
// Method: the test plays the server on real sockets: it reads what was sent and answers, stays
//         silent, or goes away.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/client/play_server.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using support::PeerSocket;
using support::PeerThread;
using support::WirePacket;

class ClientCall : public PlayServer {
 protected:
  /// Runs `use` while a server answers one request with `answer`; returns the request.
  WirePacket exchange(Client& client, const std::function<WirePacket(const WirePacket&)>& answer,
                      const std::function<void()>& use) {
    PeerSocket socket = connect(client);
    WirePacket request;
    PeerThread thread([&] {
      request = socket.read_packet();
      EXPECT_TRUE(socket.write(answer(request)));
      EXPECT_TRUE(socket.wait_closed());
    });
    use();
    client.disconnect();
    thread.join();
    return request;
  }
};

TEST_F(ClientCall, V69_Fetch) {
  Client client;
  const auto answer = [](const WirePacket& request) {
    WirePacket reply = reply_to(request);
    reply.status = 200;
    reply.param = R"({"on":true})";
    reply.data = "bytes";
    return reply;
  };
  const WirePacket request = exchange(client, answer, [&client] {
    const Result<Reply> reply =
        client.fetch("/lamp", {.method = Method::set, .param = "{}", .data = "d"});
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    EXPECT_EQ(reply->status, static_cast<ReplyStatus>(200));
    EXPECT_EQ(reply->payload.param, R"({"on":true})");
    EXPECT_EQ(reply->payload.data, "bytes");
  });
  EXPECT_EQ(request.type, kRpc);
  EXPECT_EQ(request.flags & kFlagsWithoutPad, kSet);  // C1: never TUNNEL
  EXPECT_EQ(request.status, 0);                       // C12
  EXPECT_EQ(request.url, "/lamp");
  EXPECT_EQ(request.param, "{}");
  EXPECT_EQ(request.data, "d");
  EXPECT_LE(request.seqno, 0xffffu);
}

TEST_F(ClientCall, A16_LargestPacketBothWays) {
  Client client;
  const std::string data(262'124 - 5, 'z');
  const auto answer = [](const WirePacket& request) {
    WirePacket reply = reply_to(request);
    reply.data = request.data + "12345";
    return reply;
  };
  (void)exchange(client, answer, [&] {
    EXPECT_EQ(client.fetch("/echo", {.data = data + "1"}).status().code(),
              StatusCode::invalid_argument);
    const Result<Reply> reply = client.fetch("/echo", {.data = data});
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    EXPECT_EQ(reply->payload.data, data + "12345");
  });
}

TEST_F(ClientCall, V56_W15_Ping) {
  Client client;
  const WirePacket request = exchange(client, reply_to, [&client] {
    const auto round_trip = client.ping();
    ASSERT_TRUE(round_trip.ok());
    EXPECT_GT(round_trip->count(), 0);
  });
  EXPECT_EQ(request.type, kPing);
  EXPECT_EQ(request.url + request.param + request.data, "");
}

TEST_F(ClientCall, V57_SubscribeSingleForm) {
  Client client;
  const WirePacket request =
      exchange(client, reply_to, [&client] { EXPECT_TRUE(client.subscribe("/a/").ok()); });
  EXPECT_EQ(request.type, kSubscribe);
  EXPECT_EQ(request.url, "/a/");
  EXPECT_EQ(request.param, "");
}

TEST_F(ClientCall, W13_SubscribeListForm) {
  Client client;
  const WirePacket request = exchange(client, reply_to, [&client] {
    EXPECT_TRUE(client.subscribe(std::vector<std::string>{"/a", "/b\"c"}).ok());
  });
  EXPECT_EQ(request.type, kSubscribe);
  EXPECT_EQ(request.url, "");
  EXPECT_EQ(request.param, R"(["/a","/b\"c"])");
}

TEST_F(ClientCall, V58_UnsubscribeForms) {
  Client client;
  WirePacket request =
      exchange(client, reply_to, [&client] { EXPECT_TRUE(client.unsubscribe("/a").ok()); });
  EXPECT_EQ(request.type, kUnsubscribe);
  EXPECT_EQ(request.url, "/a");
  request = exchange(client, reply_to, [&client] {
    EXPECT_TRUE(client.unsubscribe(std::vector<std::string>{"/a"}).ok());
  });
  EXPECT_EQ(request.param, R"(["/a"])");
  request = exchange(client, reply_to, [&client] { EXPECT_TRUE(client.unsubscribe_all().ok()); });
  EXPECT_EQ(request.type, kUnsubscribe);
  EXPECT_EQ(request.url + request.param, "");
}

TEST_F(ClientCall, D7_RefusedSubscriptionNamesTheStatus) {
  Client client;
  const auto refuse = [](const WirePacket& request) {
    WirePacket reply = reply_to(request);
    reply.status = 3;
    return reply;
  };
  (void)exchange(client, refuse, [&client] {
    const Status status = client.subscribe("/nobody");
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find('3'), std::string::npos) << status.message();
  });
}

TEST_F(ClientCall, D1_D4_D15_RefusesWhatServersDisagreeAbout) {
  Client client;
  const PeerSocket socket = connect(client);
  const std::vector<std::string> none;
  for (const Status& status :
       {client.subscribe(""), client.subscribe("a"), client.subscribe(none),
        client.subscribe(std::vector<std::string>{"/a", "b"}), client.unsubscribe(""),
        client.unsubscribe(none), client.call("a", {}, nullptr), client.datagram("", {}),
        client.call("/a", {.timeout = milliseconds(0)}, nullptr)}) {
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  }
}

TEST_F(ClientCall, NotConnected) {
  Client client;
  EXPECT_EQ(client.fetch("/a").status().code(), StatusCode::not_running);
  EXPECT_EQ(client.subscribe("/a").code(), StatusCode::not_running);
  EXPECT_EQ(client.datagram("/a", {}).code(), StatusCode::not_running);
  EXPECT_EQ(client.datagram("/a", {}, Channel::quick).code(), StatusCode::not_running);
  EXPECT_EQ(client.noop().code(), StatusCode::not_running);
  client.disconnect();
}

TEST_F(ClientCall, RefusedCallsDoNotCount) {
  Client client;
  const auto never = [](const Result<Reply>&) { ADD_FAILURE() << "a refused call was answered"; };
  for (int i = 0; i < 70'000; ++i) {
    ASSERT_EQ(client.call("/a", {}, never).code(), StatusCode::not_running);
  }
}

TEST_F(ClientCall, W22_WithoutCallbackSeqnosAreBeyond16Bits) {
  Client client;
  PeerSocket socket = connect(client);
  Answer<bool> done;
  ASSERT_TRUE(client.call("/a", {}, nullptr).ok());
  ASSERT_TRUE(client.noop().ok());
  ASSERT_TRUE(client.datagram("/d", {.data = "x"}).ok());
  ASSERT_TRUE(client.call("/b", {}, [&](const Result<Reply>& r) { done.set(r.ok()); }).ok());
  const WirePacket call = socket.read_packet();
  const WirePacket noop = socket.read_packet();
  const WirePacket datagram = socket.read_packet();
  const WirePacket last = socket.read_packet();
  EXPECT_EQ(call.seqno, 1u << 16);
  EXPECT_EQ(noop.type, kNoop);
  EXPECT_EQ(noop.seqno, 2u << 16);
  EXPECT_EQ(datagram.type, kDatagram);
  EXPECT_EQ(datagram.seqno, 0u);
  EXPECT_EQ(datagram.data, "x");
  EXPECT_TRUE(socket.write(reply_to(call)));  // answered all the same: ignored
  EXPECT_TRUE(socket.write(reply_to(last)));
  EXPECT_TRUE(done.get());
}

TEST_F(ClientCall, V52_V53_PublishesAndDatagramsOfTheServer) {
  Client client;
  std::vector<std::string> heard;
  Answer<bool> last;
  client.on_message([&](std::string_view url, const PayloadView& payload, Channel) {
    heard.push_back("publish " + std::string(url) + std::string(payload.param));
  });
  client.on_data([&](std::string_view url, const PayloadView& payload, Channel) {
    heard.push_back("data " + std::string(url) + std::string(payload.data));
    last.set(true);
  });
  PeerSocket socket = connect(client);
  EXPECT_TRUE(socket.write(WirePacket{.type = kQosSetup, .flags = kReply, .status = 5}));
  EXPECT_TRUE(socket.write(WirePacket{.type = kPublish, .url = "/a", .param = "1"}));
  EXPECT_TRUE(socket.write(WirePacket{.type = kPublish}));
  EXPECT_TRUE(socket.write(WirePacket{.type = kDatagram, .url = "/d", .data = "2"}));
  EXPECT_TRUE(last.get());
  EXPECT_EQ(heard, (std::vector<std::string>{"publish /a1", "publish ", "data /d2"}));
}

/// Counts how calls ended, from any thread.
class Ends {
 public:
  Client::ReplyCallback callback(int call) {
    return [this, call](const Result<Reply>& reply) {
      const std::lock_guard lock(mutex_);
      by_call_[call].push_back(reply.status().code());
    };
  }
  std::map<int, std::vector<StatusCode>> by_call() const {
    const std::lock_guard lock(mutex_);
    return by_call_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, std::vector<StatusCode>> by_call_;
};

TEST_F(ClientCall, V62_DisconnectCancelsEachCallOnce) {
  Client client;
  PeerSocket socket = connect(client);
  Ends ends;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.call("/a", {}, ends.callback(i)).ok());
  Answer<Status> subscribed;
  ASSERT_TRUE(client.subscribe_async("/a", [&](const Status& s) { subscribed.set(s); }).ok());
  client.disconnect();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ends.by_call()[i], std::vector<StatusCode>{StatusCode::cancelled});
  }
  EXPECT_EQ(subscribed.get().code(), StatusCode::cancelled);  // V57: called, too
  EXPECT_EQ(client.pending_bytes(), 0u);
  EXPECT_EQ(client.call("/a", {}, nullptr).code(), StatusCode::not_running);
}

TEST_F(ClientCall, LossEndsEachCallOnce) {
  Client client;
  Ends ends;
  Answer<size_t> ended_before_loss;
  client.on_connect([&](bool connected, std::string_view) {
    if (!connected) ended_before_loss.set(ends.by_call().size());
  });
  PeerSocket socket = connect(client);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.call("/a", {}, ends.callback(i)).ok());
  const WirePacket first = socket.read_packet();
  EXPECT_TRUE(socket.write(reply_to(first)));
  for (int i = 1; i < 10; ++i) (void)socket.read_packet();
  socket.close();
  EXPECT_EQ(ended_before_loss.get(), 10u);
  EXPECT_EQ(ends.by_call()[0], std::vector<StatusCode>{StatusCode::ok});
  for (int i = 1; i < 10; ++i) {
    EXPECT_EQ(ends.by_call()[i], std::vector<StatusCode>{StatusCode::not_running});
  }
}

TEST_F(ClientCall, A1_GarbageLater) {
  Client client;
  Answer<StatusCode> ended;
  PeerSocket socket = connect(client);
  ASSERT_TRUE(
      client.call("/a", {}, [&](const Result<Reply>& r) { ended.set(r.status().code()); }).ok());
  EXPECT_TRUE(socket.write("garbage"));
  EXPECT_EQ(ended.get(), StatusCode::not_running);
  EXPECT_FALSE(client.connected());
  EXPECT_TRUE(socket.wait_closed());
}

TEST_F(ClientCall, V55_TimeoutAndALateReply) {
  Client client;
  PeerSocket socket = connect(client);
  const Result<Reply> reply = client.fetch("/slow", {.timeout = milliseconds(10)});
  EXPECT_EQ(reply.status().code(), StatusCode::timed_out);
  EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
  Answer<bool> second;
  ASSERT_TRUE(client.call("/b", {}, [&](const Result<Reply>& r) { second.set(r.ok()); }).ok());
  EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
  EXPECT_TRUE(second.get());
}

TEST_F(ClientCall, DestroyedWithCallsPending) {
  Ends ends;
  std::optional<Client> client(std::in_place);
  PeerSocket socket = connect(*client);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->call("/a", {}, ends.callback(i)).ok());
  client.reset();
  EXPECT_EQ(ends.by_call().size(), 100u);
  for (const auto& [call, codes] : ends.by_call()) {
    EXPECT_EQ(codes, std::vector<StatusCode>{StatusCode::cancelled}) << call;
  }
}

TEST_F(ClientCall, W22_At65535OutstandingCallsTheNextIsRefused) {
  Client client;
  PeerSocket socket = connect(client);
  std::atomic<size_t> ended = 0;
  PeerThread reader([&socket] { EXPECT_TRUE(socket.wait_closed()); });
  size_t accepted = 0;
  Status status;
  while (accepted < 70'000) {
    status = client.call("/a", {}, [&ended](const Result<Reply>&) { ++ended; });
    if (!status.ok()) break;
    ++accepted;
  }
  EXPECT_EQ(status.code(), StatusCode::overloaded);
  EXPECT_EQ(accepted, 65'535u);
  EXPECT_EQ(client.subscribe_async("/a", [](const Status&) {}).code(), StatusCode::overloaded);
  client.disconnect();
  EXPECT_EQ(ended, accepted);
}

TEST_F(ClientCall, FullQueueAnswersOverloadedAndLosesNothing) {
  ClientLoop loop({.queue_bytes_max = 524'288});
  Client client(loop);
  ASSERT_TRUE(client.set_send_timeout(std::chrono::milliseconds(0)).ok());
  PeerSocket socket = connect(client);
  const std::string data(60'000, 'd');
  size_t accepted = 0;
  Status status;
  while (accepted < 10'000) {
    status = client.datagram("/d", {.param = std::to_string(accepted), .data = data});
    if (!status.ok()) break;
    ++accepted;
    EXPECT_LE(client.pending_bytes(), 524'288u);
  }
  EXPECT_EQ(status.code(), StatusCode::overloaded);
  for (size_t i = 0; i < accepted; ++i) {
    const WirePacket packet = socket.read_packet();
    ASSERT_EQ(packet.param, std::to_string(i));
    ASSERT_EQ(packet.data.size(), data.size());
  }
  while (client.pending_bytes() > 0) std::this_thread::yield();
  EXPECT_TRUE(client.noop().ok());
  EXPECT_EQ(socket.read_packet().type, kNoop);
}

TEST_F(ClientCall, DisconnectSendsWhatWasQueued) {
  Client client;
  PeerSocket socket = connect(client);
  const std::string data(200'000, 'd');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.datagram("/d", {.data = data}).ok());
  client.disconnect();
  EXPECT_EQ(client.pending_bytes(), 0u);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(socket.read_packet().data.size(), data.size());
  EXPECT_TRUE(socket.wait_closed());
}

TEST_F(ClientCall, CallbacksMustNotWait) {
  Client client;
  PeerSocket socket = connect(client);
  Answer<std::vector<StatusCode>> codes;
  const auto inside = [&](const Result<Reply>&) {
    codes.set({client.fetch("/b").status().code(), client.ping().status().code(),
               client.connect(url()).code(), client.subscribe("/b").code(), client.noop().code()});
  };
  ASSERT_TRUE(client.call("/a", {}, inside).ok());
  EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
  const std::vector<StatusCode> expected = {
      StatusCode::invalid_argument, StatusCode::invalid_argument, StatusCode::invalid_argument,
      StatusCode::invalid_argument, StatusCode::ok};
  EXPECT_EQ(codes.get(), expected);
  EXPECT_EQ(socket.read_packet().type, kNoop);
}

}  // namespace
}  // namespace ringroad::client
