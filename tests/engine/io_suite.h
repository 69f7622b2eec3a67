// io_suite.h — what the tests of engine/io.h are written with: a world of Ios, operations that
// remember, pairs.
// Use:    derive from IoSuite, TEST_P(), and INSTANTIATE_TEST_SUITE_P(…, every_back_end(),
//         back_end_name).
// Why here: each test runs on every Io; a back-end that cannot work here skips with the cause.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/io.h"
#include "tests/sim/io_world.h"

namespace ringroad::engine {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One operation that keeps what it was told.
class Op {
 public:
  Completion& completion() { return completion_; }
  bool submitted() const { return completion_.submitted(); }
  /// A send's bytes were taken, or not; its memory may still be lent.
  bool has_result() const { return !results_.empty(); }
  bool done() const { return ended_ && !completion_.submitted(); }
  size_t events() const { return results_.size(); }
  int last() const { return results_.empty() ? 1 : results_.back(); }
  const std::vector<int>& results() const { return results_; }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  const std::vector<Address>& froms() const { return froms_; }
  const std::vector<Address>& tos() const { return tos_; }
  std::deque<RecvLease>& leases() { return leases_; }
  void keep_leases() { keep_leases_ = true; }

 private:
  void on_event(IoEvent& event) {
    ended_ = !event.more;
    if (event.released != Release::none) return;
    results_.push_back(event.result);
    if (event.result > 0 && !event.lease.bytes().empty()) {
      EXPECT_EQ(static_cast<size_t>(event.result), event.lease.bytes().size());
    }
    const auto span = event.lease.bytes();
    bytes_.insert(bytes_.end(), span.begin(), span.end());
    froms_.push_back(event.from);
    tos_.push_back(event.to);
    if (keep_leases_ && !span.empty()) leases_.push_back(std::move(event.lease));
  }

  std::vector<int> results_;
  std::vector<std::byte> bytes_;
  std::vector<Address> froms_;
  std::vector<Address> tos_;
  std::deque<RecvLease> leases_;
  bool keep_leases_ = false;
  bool ended_ = false;
  Completion completion_ = Completion::bind<&Op::on_event>(this);
};

/// Reads a stream to its end, and arms again as the contract says.
class Reader {
 public:
  Reader(Io& io, Socket socket) : io_(io), socket_(socket) { io_.recv(socket_, completion_); }

  bool ended() const { return ended_; }
  int error() const { return error_; }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  void on_event(IoEvent& event) {
    const auto span = event.lease.bytes();
    bytes_.insert(bytes_.end(), span.begin(), span.end());
    if (event.result <= 0 && event.result != -ENOBUFS) {
      ended_ = true;
      error_ = event.result;
    }
    event.lease.reset();
    if (!event.more && !ended_) io_.recv(socket_, completion_);
  }

  Io& io_;
  Socket socket_;
  std::vector<std::byte> bytes_;
  bool ended_ = false;
  int error_ = 0;
  Completion completion_ = Completion::bind<&Reader::on_event>(this);
};

/// By which verb a suite sends.
enum class SendVerb { send, lend };

inline void send_by(SendVerb verb, Io& io, Socket socket, std::span<const iovec> parts,
                    Completion& completion) {
  verb == SendVerb::lend ? io.lend(socket, parts, completion) : io.send(socket, parts, completion);
}

/// Sends all of `bytes`, in as many operations as it takes, one after the other's last event.
class Writer {
 public:
  Writer(SendVerb verb, Io& io, Socket socket, std::span<const std::byte> bytes)
      : verb_(verb), io_(io), socket_(socket), rest_(bytes) {
    submit();
  }

  bool done() const { return !completion_.submitted(); }
  /// 0, or -errno of what stopped it.
  int error() const { return error_; }

 private:
  void submit() {
    // Lent pages count against the locked memory of a user.
    const size_t bytes_max = verb_ == SendVerb::lend ? 1'000'000 : rest_.size();
    part_ = {const_cast<std::byte*>(rest_.data()), std::min(rest_.size(), bytes_max)};
    send_by(refused_ ? SendVerb::send : verb_, io_, socket_, {&part_, 1}, completion_);
  }
  void on_event(IoEvent& event) {
    if (event.released == Release::none) {
      EXPECT_TRUE(verb_ == SendVerb::lend || !event.more);
      refused_ = verb_ == SendVerb::lend && event.result == -ENOMEM;
      error_ = refused_ ? 0 : std::min(event.result, 0);
      rest_ = rest_.subspan(static_cast<size_t>(std::max(event.result, 0)));
    }
    if (!event.more && error_ == 0 && !rest_.empty()) submit();
  }

  SendVerb verb_;
  Io& io_;
  Socket socket_;
  std::span<const std::byte> rest_;
  iovec part_ = {};
  bool refused_ = false;
  int error_ = 0;
  Completion completion_ = Completion::bind<&Writer::on_event>(this);
};

struct BackEnd {
  const char* name;
  sim::WorldResult (*make)(const sim::WorldOptions&);
  SendVerb verb;
};

class IoSuite : public testing::TestWithParam<BackEnd> {
 protected:
  void SetUp() override { make({}); }

  void make(const sim::WorldOptions& options) {
    world_.reset();
    sim::WorldResult result = GetParam().make(options);
    if (result.world == nullptr) GTEST_SKIP() << result.cause;
    world_ = std::move(result.world);
  }

  Io& server() { return world_->io(0); }
  Io& client() { return world_->io(1); }
  bool run_until(const std::function<bool()>& done) { return world_->run_until(done); }

  Socket bound(Io& io, Transport transport, const std::string& address, bool reuse_port = false) {
    Result<Address> parsed = Address::parse(address);
    EXPECT_TRUE(parsed.ok());
    Result<Socket> socket = io.open(transport, parsed->family());
    EXPECT_TRUE(socket.ok()) << socket.status().message();
    EXPECT_TRUE(io.set_option(*socket, SocketOption::reuse_port, reuse_port ? 1 : 0).ok());
    const Status status = io.bind(*socket, *parsed);
    EXPECT_TRUE(status.ok()) << status.message();
    return *socket;
  }
  Socket listener() {
    const Socket socket = bound(server(), Transport::tcp, "127.0.0.1:0");
    EXPECT_TRUE(server().listen(socket, 128).ok());
    return socket;
  }
  Address address_of(Io& io, Socket socket) {
    Result<Address> address = io.local_address(socket);
    EXPECT_TRUE(address.ok());
    return *address;
  }

  struct Pair {
    Socket server;
    Socket client;
  };
  /// A connected pair: one end on server(), one on client().
  Pair connected() {
    const Socket listening = listener();
    const Pair pair = connect_to(listening);
    server().close(listening);
    return pair;
  }
  Pair connect_to(Socket listening) {
    Op accept;
    Op connect;
    server().accept(listening, accept.completion());
    const Socket socket = *client().open(Transport::tcp, AF_INET);
    client().connect(socket, address_of(server(), listening), connect.completion());
    EXPECT_TRUE(run_until([&] { return connect.done() && accept.events() == 1; }));
    EXPECT_EQ(connect.last(), 0);
    server().cancel(accept.completion());
    EXPECT_TRUE(run_until([&] { return accept.done(); }));
    return {Socket{accept.results().at(0)}, socket};
  }
  void close(const Pair& pair) {
    server().close(pair.server);
    client().close(pair.client);
  }
  /// Closes both ends and joins the reader of the server's.
  void close_after(const Reader& reader, const Pair& pair) {
    client().close(pair.client);
    EXPECT_TRUE(run_until([&] { return reader.ended(); }));
    server().close(pair.server);
  }
  void send_all(Io& io, Socket socket, const std::vector<std::byte>& bytes) {
    Writer writer(GetParam().verb, io, socket, bytes);
    EXPECT_TRUE(run_until([&] { return writer.done(); }));
    EXPECT_EQ(writer.error(), 0);
  }

  std::unique_ptr<sim::IoWorld> world_;
};

inline std::vector<std::byte> pattern(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

inline auto every_back_end() {
  return testing::Values(BackEnd{"uring", &sim::make_uring_world, SendVerb::send},
                         BackEnd{"uring_direct", &sim::make_direct_uring_world, SendVerb::send},
                         BackEnd{"sim", &sim::make_sim_world, SendVerb::send});
}

inline auto every_back_end_and_verb() {
  return testing::Values(
      BackEnd{"uring", &sim::make_uring_world, SendVerb::send},
      BackEnd{"uring_direct", &sim::make_direct_uring_world, SendVerb::send},
      BackEnd{"uring_zero_copy", &sim::make_uring_world, SendVerb::lend},
      BackEnd{"uring_direct_zero_copy", &sim::make_direct_uring_world, SendVerb::lend},
      BackEnd{"sim", &sim::make_sim_world, SendVerb::send},
      BackEnd{"sim_zero_copy", &sim::make_sim_world, SendVerb::lend});
}

inline std::string back_end_name(const testing::TestParamInfo<BackEnd>& info) {
  return info.param.name;
}

}  // namespace ringroad::engine
