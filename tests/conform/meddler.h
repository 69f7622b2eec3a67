// meddler.h — stands between clients and a server, and passes every packet through one fault.
// Owner:  BrokenPlayground.   Thread: run() has one; stop() from any.
// Bound:  a packet per direction and connection is held until it is whole.
// Fails:  a connection that ends on one side is ended on the other.
// Why here: faults of the wire cannot be made by a server's handlers, and the server under it stays
//           the product's own.
#pragma once

#include <poll.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "tests/conform/fault.h"
#include "tests/support/scripted_peer.h"

namespace ringroad::conform {

class Meddler {
 public:
  /// `fault` may be null: everything passes as it is.
  Meddler(uint16_t server_port, std::string password, const Fault* fault);
  Meddler(const Meddler&) = delete;
  Meddler& operator=(const Meddler&) = delete;

  bool valid() const { return listener_.valid() && udp_.valid(); }
  uint16_t port() const { return port_; }
  void run();
  void stop();

 private:
  struct Link {
    support::Descriptor client;
    support::Descriptor server;
    support::Descriptor server_udp;  // the port that the server is told
    uint16_t client_udp_port = 0;    // the port that the client announced
    std::string from_client;
    std::string from_server;
    Memory memory;
    bool ended = false;
  };

  void open_listeners();
  std::vector<pollfd> watched() const;
  void serve(const std::vector<pollfd>& events);
  void accept_client();
  void read_stream(Link& link, Direction direction);
  void read_client_datagram();
  void read_server_datagram(Link& link);
  void pass(Link& link, Direction direction, WirePacket packet, bool quick);
  void note(Link& link, const Passing& passing);
  void announce_own_port(Link& link, WirePacket& packet);
  void send(Link& link, Direction direction, const WirePacket& packet, bool quick);

  const uint16_t server_port_;
  ServerMemory memory_;
  const Fault* fault_;
  support::Descriptor listener_;
  support::Descriptor udp_;
  support::Descriptor stop_read_;
  support::Descriptor stop_write_;
  uint16_t port_ = 0;
  std::list<Link> links_;
  size_t connections_ = 0;
};

}  // namespace ringroad::conform
