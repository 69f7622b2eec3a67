// play_server.h — a test that plays the server itself: scripted peer, and a client connected to it.
// Owner:  the test.   Thread: the test's; callbacks of the client come on its loop's thread.
// Why here: every test of Client on real sockets begins with a handshake.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "ringroad/client.h"
#include "tests/client/server_words.h"
#include "tests/support/scripted_peer.h"

namespace ringroad::client {

/// What a callback said, for the test's thread.
template <typename T>
class Answer {
 public:
  void set(T value) { promise_.set_value(std::move(value)); }  // a second time ends the program
  T get() {
    const bool came = future_.wait_for(support::kPeerPatience) == std::future_status::ready;
    EXPECT_TRUE(came) << "a callback never came";
    return came ? future_.get() : T();
  }

 private:
  std::promise<T> promise_;
  std::future<T> future_ = promise_.get_future();
};

class PlayServer : public testing::Test {
 protected:
  std::string url() const { return "vsoa://" + peer.address(); }

  /// Connects `client`; the handshake is this test's.
  support::PeerSocket connect(Client& client, const ConnectOptions& options = {},
                              const std::string& id = id_bytes(kClientId)) {
    Answer<Status> connected;
    const Status started = client.connect_async(
        url(), options, [&connected](const Status& status) { connected.set(status); });
    EXPECT_TRUE(started.ok()) << started.message();
    support::PeerSocket socket = peer.accept();
    hello = socket.read_packet();
    EXPECT_TRUE(socket.write(welcome(id)));
    const Status status = connected.get();
    EXPECT_TRUE(status.ok()) << status.message();
    return socket;
  }

  support::ScriptedPeer peer;
  support::WirePacket hello;  // the SERVINFO request of the last connect()
};

}  // namespace ringroad::client
