// Property: a server that sends request flags back is recognised (B1), and gets lists one URL at a
//         time, because it would take a list for "/" (D2); other servers get the list.
// Method: a scripted server that mirrors the flags of the handshake, and one that does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/client/play_server.h"

namespace ringroad::client {
namespace {

using support::PeerSocket;
using support::WirePacket;

class ClientMirror : public PlayServer {
 protected:
  /// Connects as the official Go server would: flags and tunnel id of the request come back.
  PeerSocket connect_mirrored(Client& client, const ConnectOptions& options = {}) {
    Answer<Status> connected;
    const Status started = client.connect_async(
        url(), options, [&connected](const Status& status) { connected.set(status); });
    EXPECT_TRUE(started.ok()) << started.message();
    PeerSocket socket = peer.accept();
    hello = socket.read_packet();
    WirePacket answer = welcome(id_bytes(kClientId));
    answer.flags = static_cast<uint8_t>(answer.flags | (hello.flags & kTunnel));
    answer.tunnel_id = hello.tunnel_id;
    EXPECT_TRUE(socket.write(answer));
    const Status status = connected.get();
    EXPECT_TRUE(status.ok()) << status.message();
    return socket;
  }

  /// Reads a request, and answers it with this status.
  static WirePacket answer_next(PeerSocket& socket, uint8_t status) {
    WirePacket request = socket.read_packet();
    EXPECT_TRUE(socket.write(WirePacket{
        .type = request.type, .flags = kReply, .status = status, .seqno = request.seqno}));
    return request;
  }
};

TEST_F(ClientMirror, B1_KnowsWhoMirrorsFlags) {
  Client client;
  EXPECT_FALSE(client.mirrors_flags());
  PeerSocket socket = connect_mirrored(client);
  EXPECT_TRUE(client.mirrors_flags());
  client.disconnect();
  EXPECT_FALSE(client.mirrors_flags());
  PeerSocket other = connect(client);
  EXPECT_FALSE(client.mirrors_flags());
}

TEST_F(ClientMirror, B1_UnknownWithoutAQuickPort) {
  Client client;
  PeerSocket socket = connect_mirrored(client, {.quick = false});
  EXPECT_EQ(hello.flags & kTunnel, 0);
  EXPECT_FALSE(client.mirrors_flags());
}

TEST_F(ClientMirror, D2_ListsGoOneByOne) {
  Client client;
  PeerSocket socket = connect_mirrored(client);
  Answer<Status> subscribed;
  const std::vector<std::string> urls = {"/a", "/b/", "/c"};
  ASSERT_TRUE(client.subscribe_async(urls, [&](const Status& s) { subscribed.set(s); }).ok());
  for (const std::string& url : urls) {
    const WirePacket request = answer_next(socket, 0);
    EXPECT_EQ(request.type, kSubscribe);
    EXPECT_EQ(request.url, url);
    EXPECT_EQ(request.param, "");
  }
  EXPECT_TRUE(subscribed.get().ok());
  Answer<Status> unsubscribed;
  ASSERT_TRUE(client.unsubscribe_async(urls, [&](const Status& s) { unsubscribed.set(s); }).ok());
  for (const std::string& url : urls) EXPECT_EQ(answer_next(socket, 0).url, url);
  EXPECT_TRUE(unsubscribed.get().ok());
}

// A far server: not a round trip for each.
TEST_F(ClientMirror, D2_ALongListHasManyRequestsOut) {
  constexpr size_t kOut = 64;
  Client client;
  PeerSocket socket = connect_mirrored(client);
  std::vector<std::string> urls;
  for (size_t i = 0; i < 3 * kOut; ++i) urls.push_back("/" + std::to_string(i));
  Answer<Status> subscribed;
  ASSERT_TRUE(client.subscribe_async(urls, [&](const Status& s) { subscribed.set(s); }).ok());
  EXPECT_EQ(answer_next(socket, 0).url, urls[0]);
  size_t seen = 1;
  while (seen < urls.size()) {
    std::vector<WirePacket> requests;
    const size_t expected = std::min(kOut, urls.size() - seen);
    while (requests.size() < expected) requests.push_back(socket.read_packet());
    EXPECT_EQ(client.pendings(), expected);  // and no more are out
    for (const WirePacket& request : requests) EXPECT_EQ(request.url, urls[seen++]);
    std::string answers;  // in one write: the client takes them in one turn, then sends again
    for (const WirePacket& request : requests) answers += reply_to(request).bytes();
    ASSERT_TRUE(socket.write(answers));
  }
  EXPECT_TRUE(subscribed.get().ok());
}

TEST_F(ClientMirror, D2_AListThatDoesNotFitIntoTheQueueAtOnceGoesByAndBy) {
  constexpr size_t kUrlBytes = 9'000;
  constexpr size_t kUrls = 200;
  ClientLoop loop({.queue_bytes_max = 524'288});
  Client client(loop);
  PeerSocket socket = connect(client, {.quick = false});  // nobody knows whether it mirrors flags
  std::vector<std::string> urls;
  while (urls.size() < kUrls) {
    urls.push_back("/" + std::to_string(urls.size()) + std::string(kUrlBytes, 'x'));
  }
  Answer<Status> subscribed;
  ASSERT_TRUE(client.subscribe_async(urls, [&](const Status& s) { subscribed.set(s); }).ok());
  for (const std::string& url : urls) EXPECT_EQ(answer_next(socket, 0).url, url);
  const Status status = subscribed.get();
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_F(ClientMirror, D2_TheFirstRefusalIsTheOutcomeAndTheRestStillGoes) {
  Client client;
  PeerSocket socket = connect_mirrored(client);
  Answer<Status> subscribed;
  ASSERT_TRUE(client
                  .subscribe_async(std::vector<std::string>{"/a", "/b", "/c"},
                                   [&](const Status& s) { subscribed.set(s); })
                  .ok());
  EXPECT_EQ(answer_next(socket, 0).url, "/a");
  EXPECT_EQ(answer_next(socket, 3).url, "/b");
  EXPECT_EQ(answer_next(socket, 2).url, "/c");
  const Status status = subscribed.get();
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find("status 3"), std::string::npos) << status.message();
}

TEST_F(ClientMirror, D2_ALostConnectionEndsTheList) {
  Client client;
  Answer<Status> subscribed;
  {
    PeerSocket socket = connect_mirrored(client);
    ASSERT_TRUE(client
                    .subscribe_async(std::vector<std::string>{"/a", "/b"},
                                     [&](const Status& s) { subscribed.set(s); })
                    .ok());
    EXPECT_EQ(socket.read_packet().url, "/a");
  }
  EXPECT_FALSE(subscribed.get().ok());
}

TEST_F(ClientMirror, D2_OthersGetTheList) {
  Client client;
  PeerSocket socket = connect(client);
  Answer<Status> subscribed;
  ASSERT_TRUE(client
                  .subscribe_async(std::vector<std::string>{"/a", "/b"},
                                   [&](const Status& s) { subscribed.set(s); })
                  .ok());
  const WirePacket request = answer_next(socket, 0);
  EXPECT_EQ(request.url, "");
  EXPECT_EQ(request.param, R"(["/a","/b"])");
  EXPECT_TRUE(subscribed.get().ok());
}

}  // namespace
}  // namespace ringroad::client
