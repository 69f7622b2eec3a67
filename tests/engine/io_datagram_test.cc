// Property: every Io keeps the contract of engine/io.h for datagrams: whole, from whom, to which
//         address, to which member.
// Method: the same scripts on real io_uring over loopback and on the simulator.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/io.h"
#include "tests/engine/io_suite.h"

namespace ringroad::engine {
namespace {

class DatagramSuite : public IoSuite {};

TEST_P(DatagramSuite, DatagramsTellWhoAndWhere) {
  const Socket receiver = bound(server(), Transport::udp, "0.0.0.0:0");
  EXPECT_TRUE(server().set_option(receiver, SocketOption::packet_info, 1).ok());
  const Socket sender = bound(client(), Transport::udp, "127.0.0.1:0");
  const Address target =
      Address::parse("127.0.0.2:0")->with_port(address_of(server(), receiver).port());
  Op recv;
  server().recv_from(receiver, recv.completion());
  EXPECT_EQ(client().send_to(sender, bytes_of("ping"), target, nullptr), 4);
  EXPECT_TRUE(run_until([&] { return recv.events() == 1; }));
  EXPECT_EQ(text_of(recv.bytes()), "ping");
  EXPECT_EQ(recv.froms().at(0), address_of(client(), sender));
  EXPECT_TRUE(recv.tos().at(0).same_ip(target));
  EXPECT_TRUE(recv.submitted());

  // The answer comes from the address that was dialled.
  Op answer;
  client().recv_from(sender, answer.completion());
  EXPECT_EQ(server().send_to(receiver, bytes_of("pong!"), recv.froms().at(0), &recv.tos().at(0)),
            5);
  EXPECT_TRUE(run_until([&] { return answer.events() == 1; }));
  EXPECT_EQ(answer.froms().at(0), target);
  server().cancel(recv.completion());
  client().cancel(answer.completion());
  EXPECT_TRUE(run_until([&] { return recv.done() && answer.done(); }));
  server().close(receiver);
  client().close(sender);
}

TEST_P(DatagramSuite, TheLargestDatagramPassesWhole) {
  const Socket receiver = bound(server(), Transport::udp, "127.0.0.1:0");
  const Socket sender = bound(client(), Transport::udp, "127.0.0.1:0");
  EXPECT_TRUE(server().set_option(receiver, SocketOption::packet_info, 1).ok());
  Op recv;
  server().recv_from(receiver, recv.completion());
  const std::vector<std::byte> bytes = pattern(65'507, 4);
  EXPECT_EQ(client().send_to(sender, bytes, address_of(server(), receiver), nullptr), 65'507);
  EXPECT_TRUE(run_until([&] { return recv.events() == 1; }));
  EXPECT_EQ(recv.bytes(), bytes);
  server().cancel(recv.completion());
  EXPECT_TRUE(run_until([&] { return recv.done(); }));
  server().close(receiver);
  client().close(sender);
}

TEST_P(DatagramSuite, DatagramsAreSteeredByTheirNumber) {
  constexpr uint32_t kMembers = 3;
  std::vector<Socket> group;
  std::array<Op, kMembers> recv;
  Address address = *Address::parse("127.0.0.1:0");
  for (uint32_t i = 0; i < kMembers; ++i) {
    const Socket socket = bound(world_->io(i), Transport::udp, address.to_string(), true);
    address = address_of(world_->io(i), socket);
    group.push_back(socket);
    world_->io(i).recv_from(socket, recv[i].completion());
  }
  EXPECT_TRUE(server().steer(group[0], 4, kMembers).ok());
  const Socket sender = *client().open(Transport::udp, AF_INET);
  for (uint8_t number = 0; number < 60; ++number) {
    const std::array<uint8_t, 8> text = {9, 9, 9, 9, 0, 0, 1, number};
    EXPECT_EQ(client().send_to(sender, std::as_bytes(std::span(text)), address, nullptr), 8);
  }
  const auto received = [&] { return recv[0].events() + recv[1].events() + recv[2].events(); };
  EXPECT_TRUE(run_until([&] { return received() == 60; }));
  for (uint32_t i = 0; i < kMembers; ++i) {
    EXPECT_EQ(recv[i].events(), 20U);
    for (size_t begin = 0; begin < recv[i].bytes().size(); begin += 8) {
      const auto number = 256 + std::to_integer<uint32_t>(recv[i].bytes()[begin + 7]);
      EXPECT_EQ(number % kMembers, i);
    }
    world_->io(i).cancel(recv[i].completion());
  }
  EXPECT_TRUE(run_until([&] { return recv[0].done() && recv[1].done() && recv[2].done(); }));
  for (uint32_t i = 0; i < kMembers; ++i) world_->io(i).close(group[i]);
  client().close(sender);
}

TEST_P(DatagramSuite, AConnectedDatagramSocketHearsItsPeerOnly) {
  const Socket receiver = bound(server(), Transport::udp, "127.0.0.1:0");
  const Socket friendly = bound(client(), Transport::udp, "127.0.0.1:0");
  const Socket stranger = bound(client(), Transport::udp, "127.0.0.1:0");
  EXPECT_TRUE(server().connect_datagram(receiver, address_of(client(), friendly)).ok());
  Op recv;
  server().recv_from(receiver, recv.completion());
  const Address address = address_of(server(), receiver);
  EXPECT_EQ(client().send_to(stranger, bytes_of("no"), address, nullptr), 2);
  EXPECT_EQ(client().send_to(friendly, bytes_of("yes"), address, nullptr), 3);
  EXPECT_TRUE(run_until([&] { return recv.events() == 1; }));
  world_->settle();
  EXPECT_EQ(text_of(recv.bytes()), "yes");
  server().cancel(recv.completion());
  EXPECT_TRUE(run_until([&] { return recv.done(); }));
  server().close(receiver);
  client().close(friendly);
  client().close(stranger);
}

INSTANTIATE_TEST_SUITE_P(Io, DatagramSuite, every_back_end(), back_end_name);

}  // namespace
}  // namespace ringroad::engine
