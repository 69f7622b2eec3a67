// server.h — a VSOA server: commands, publishing, datagrams, over N shards.
// Shape:  Server listens and owns everything; RemoteClient is a handle to one connected client;
//         Call is one request.
// Thread: Server and RemoteClient methods may be called from any thread and never wait for
//         another. Handlers run on the thread of the shard that owns the client; handlers of
//         different clients may run in parallel; set them before listen(). A handler must not
//         block: it holds up every client of its shard.
// Fails:  values (Status), each with cause and cure. Bad input from a peer never reaches a
//         handler.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringroad/options.h"
#include "ringroad/payload.h"
#include "ringroad/status.h"
#include "ringroad/stream.h"

namespace ringroad {

class ServerCore;  // shard/server_core.h
class WorkQueue;   // ringroad/work_queue.h

/// Handle to one client. Cheap to copy; may outlive the client (then it answers "gone") and even
/// the Server. A connection that has not shaken hands (Server::Clients::all, Call::client()) has an
/// address, and can be closed, answered and given a stream; authed, priority and backlog that are set
/// by then hold from its handshake on.
class RemoteClient {
 public:
  RemoteClient() = default;  ///< No client: gone from the start.

  /// The client id: non-zero, unpredictable, unique among live clients (V28, W19). 0: it had not shaken
  /// hands when this handle was made.
  uint32_t id() const { return wire_id_; }
  /// "ip:port" of the peer; empty once gone (V33).
  std::string address() const;
  bool is_closed() const;
  /// True unless the application cleared it, or the client has not shaken hands. A client that is not
  /// authed gets no publishes (V29).
  bool authed() const;
  /// Takes effect in the shard's next turn. gone if the client has left, overloaded if its shard's
  /// mailbox is full.
  Status set_authed(bool authed);
  /// 0 (lowest, the default) to 7 (V30); 0 once gone.
  uint8_t priority() const;
  /// In each turn of its shard, clients of a higher priority are sent to first; what they are sent
  /// carries the TOS byte priority << 5 | 8 (0 for priority 0), and they are told (QOSSETUP, W21) as
  /// soon as they can bear it (F5). No message is lost, doubled or reordered by it. From the shard's
  /// next turn on. invalid_argument above 7; gone, overloaded: as set_authed().
  Status set_priority(int priority);
  /// For this client only, instead of ServerOptions::backlog. From the shard's next turn on; what
  /// has been replaced by then stays replaced. gone, overloaded: as set_authed().
  Status set_backlog(Backlog backlog);
  /// For this client only, instead of ServerOptions::send_timeout (V38). invalid_argument out of its
  /// range; gone, overloaded: as set_authed().
  Status set_send_timeout(std::chrono::milliseconds timeout);
  /// For this client only, instead of ServerOptions::keepalive (V37).
  Status set_keepalive(std::chrono::seconds idle);
  /// Closes the connection; on_client(…, false) follows if it has shaken hands (V31).
  Status close();
  /// Answers a request later, from any thread. seqno comes from Call::seqno(). ok = accepted for
  /// this very client (V35).
  Status reply(uint32_t seqno, const ReplyContent& content = {});
  /// Sends a datagram. url must start with '/' (V36). quick: unsupported if the client announced no
  /// UDP port (D22). not_running: it has not shaken hands.
  Status datagram(std::string_view url, const PayloadView& payload,
                  Channel channel = Channel::normal);

  using AnswerHandler = std::function<void(bool yes)>;
  /// Whether a publish of this URL would go to this client now (V34): it is active, authed, and a
  /// subscription of its matches. Exact. ok = `done` is called once: before this returns if that is in
  /// a handler of the client's own shard, else on the shard's thread. A client that leaves before: no.
  Status is_subscribed(std::string_view url, AnswerHandler done) const;

  using StreamHandler = std::function<void(const Result<Stream>& stream)>;
  /// As Call::create_stream(), later and from any thread. ok = `done` is called once, on the shard's
  /// thread: with the stream, or with why there is none (gone: the client has left, or the server has stopped).
  /// overloaded: 4,096 such questions wait for its shard.
  Status create_stream(StreamOptions options, StreamHandler done);

  bool operator==(const RemoteClient& other) const { return key_ == other.key_; }

  /// Library internals make these; `key` names shard, slot and generation.
  RemoteClient(std::weak_ptr<ServerCore> core, uint64_t key, uint32_t wire_id)
      : core_(std::move(core)), key_(key), wire_id_(wire_id) {}

 private:
  std::weak_ptr<ServerCore> core_;
  uint64_t key_ = 0;
  uint32_t wire_id_ = 0;
};

/// One request, valid inside its handler only. Not replying is allowed: reply later through
/// client().
class Call {
 public:
  virtual RemoteClient client() = 0;
  virtual std::string_view url() const = 0;
  virtual Method method() const = 0;
  virtual const PayloadView& payload() const = 0;
  virtual uint32_t seqno() const = 0;
  /// Answers now. gone if the connection is closing, invalid_argument if the payload is too large
  /// (V11).
  virtual Status reply(const ReplyContent& content = {}) = 0;
  /// Opens a stream for this client (V27): listens on the address the client has dialled, for one
  /// connection and StreamOptions::timeout. Tell the client: reply({.tunnel_id = stream.tunnel_id()}).
  /// It ends when the client's connection does (V44). resource_exhausted: a limit, named
  /// (streams_per_client_max, streams_per_shard_max, descriptors); gone: the connection is closing;
  /// unsupported: the handler runs on a WorkQueue.
  virtual Result<Stream> create_stream(StreamOptions options) = 0;

 protected:
  ~Call() = default;
};

/// Counters over all shards; each is a total since listen() unless its text says "now".
struct ServerStats {
  /// Connections with an accepted handshake, now.
  uint64_t clients_now = 0;
  /// All connections, now.
  uint64_t connections_now = 0;
  uint64_t connections_accepted = 0;
  /// Packets received on TCP and UDP.
  uint64_t messages_in = 0;
  /// publish() answered ok; relayed datagrams are not counted here.
  uint64_t publishes = 0;
  /// (message, client) pairs of publishes that were handed to the kernel.
  uint64_t deliveries = 0;
  /// Pairs that were not: the client left or was closed first.
  uint64_t deliveries_dropped = 0;
  /// Pairs that were not, because a newer publish of the URL took their place (Backlog::conflate).
  uint64_t deliveries_conflated = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  /// Sends that lent their bytes to the kernel (ServerOptions::zero_copy); of those, the ones it
  /// reported to have copied all the same.
  uint64_t zero_copy_sends = 0;
  uint64_t zero_copy_copied = 0;
  /// Log appends: one per (publish, cohort), whatever the cohort's size.
  uint64_t cohort_appends = 0;
  /// publish() answered overloaded; nothing was sent.
  uint64_t publishes_overloaded = 0;
  /// Datagrams of clients that were published (ServerOptions::relay_prefix).
  uint64_t relayed = 0;
  /// Times reading from a producer was stopped because a shard was full.
  uint64_t relay_pauses = 0;
  /// Quick datagrams that a full shard could not take; those are not held back.
  uint64_t relay_dropped = 0;
  /// Datagrams, TCP and UDP, of nobody with an accepted handshake.
  uint64_t datagrams_refused = 0;
  uint64_t quick_sent = 0;
  /// The UDP socket was full, or the address unreachable.
  uint64_t quick_dropped = 0;
  /// Datagrams to us that found a shard's UDP socket full; the kernel tells with the next one that
  /// finds room.
  uint64_t quick_overrun = 0;
  /// Quick datagrams whose source did not fit the client id (W19).
  uint64_t quick_spoofed = 0;
  /// UDP datagrams that are not VSOA.
  uint64_t quick_malformed = 0;
  /// Replies, datagrams and orders for a client that had gone by then.
  uint64_t replies_orphaned = 0;
  /// Streams, now: waiting for their peer, open, and ending.
  uint64_t streams_now = 0;
  /// Streams whose peer has connected.
  uint64_t streams_opened = 0;
  /// Streams that nobody joined in time.
  uint64_t streams_timed_out = 0;
  /// create_stream() answered resource_exhausted: streams_per_client_max or streams_per_shard_max.
  uint64_t streams_refused = 0;
  /// Connections to a stream of another client, closed (StreamOptions::check_peer).
  uint64_t streams_strangers = 0;
  /// Handlers that threw.
  uint64_t handler_failures = 0;
  uint64_t closed_by_peer = 0;
  uint64_t closed_slow_client = 0;
  /// Took nothing for as long as the send timeout (V21).
  uint64_t closed_stalled = 0;
  uint64_t closed_handshake_timeout = 0;
  /// Wrong magic or oversize (W6).
  uint64_t closed_bad_packet = 0;
  uint64_t closed_password = 0;
  /// Wrong or missing passwords; with ServerOptions::auth_retry not each one closes.
  uint64_t logins_refused = 0;
  uint64_t closed_other = 0;
  /// Bytes held for clients, now: partial packets, outboxes, logs; whole blocks of 64 KiB.
  uint64_t bytes_live = 0;
  /// What waits in clients' own queues keeps alive, now. Blocks that several clients pin count for
  /// each of them, and are in bytes_live once; the copies that conflating clients keep of small
  /// publishes are here alone.
  uint64_t bytes_pinned = 0;
};

/// Counters of one shard, for tables.
struct ShardStats {
  uint64_t clients_now = 0;
  uint64_t messages_in = 0;
  uint64_t deliveries = 0;
};

/// Logins that were refused, of one address.
struct RefusedLogins {
  std::string address;  ///< "1.2.3.4", or an IPv6 network: "2001:db8::/64"
  uint64_t count = 0;
};

class Server {
 public:
  using CommandHandler = std::function<void(Call& call)>;
  using ClientHandler = std::function<void(RemoteClient client, bool connected)>;
  using DataHandler = std::function<void(RemoteClient client, std::string_view url,
                                         const PayloadView& payload, Channel channel)>;

  using SubscriptionHandler =
      std::function<void(RemoteClient client, const std::vector<std::string>& urls)>;

  explicit Server(ServerOptions options = {});
  ~Server();  ///< stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Registers a command. "/a/b" takes exactly that URL; "/a/" takes "/a", "/a/" and everything
  /// below; "/" takes the rest. Exact beats longest prefix beats "/" (V20). Before listen() only; a
  /// later registration replaces an earlier one.
  Status command(std::string_view url, CommandHandler handler);
  /// The same, and the handler runs as a job of `queue` (V86), where it may block. Its Call owns a
  /// copy of the request; reply() is then that of RemoteClient, so `gone` if the client has left, but
  /// waits, a second at most, while the client's shard is full (`overloaded`: it is lost, counted).
  /// The job's key is the URL of the call. A full queue is answered no_memory; a call that the
  /// queue drops, and one whose handler throws, no_responding. The queue may be destroyed before
  /// the server, not after what its handlers use.
  Status command(std::string_view url, CommandHandler handler, WorkQueue& queue);
  /// connected = true once after an accepted handshake, false once after its loss (V25); in that
  /// last call the client still has its address. Before listen() only.
  void on_client(ClientHandler handler);
  /// Datagrams of clients (V26). The URL may be empty (E1). Before listen() only.
  void on_data(DataHandler handler);

  /// The URLs that a SUBSCRIBE has added, those it did not have before: never none (V40). Called when
  /// the answer is queued, so that what the handler sends or publishes comes behind it. Also for
  /// clients that are not authed; what was subscribed before the handshake (B10) is told after
  /// on_client(). Before listen() only.
  void on_subscribe(SubscriptionHandler handler);
  /// The URLs that an UNSUBSCRIBE has removed; all of them if it named none (V41). Not called for a
  /// client that leaves: that is on_client(…, false). Before listen() only.
  void on_unsubscribe(SubscriptionHandler handler);

  /// Binds TCP and UDP on "host:port" or "[v6]:port" and starts the shards. Port 0 takes a free one
  /// (V22). address_in_use when any other server has the port, unsupported/no_permission when
  /// io_uring is not usable.
  [[nodiscard]] Status listen(std::string_view address);
  /// Closes every client and joins the shards. Idempotent. Not from a handler.
  void stop();

  /// "ip:port" that is bound; empty if not listening (V15).
  std::string address() const;
  uint16_t port() const;

  /// From now on clients must present this; empty = none needed (V16). For new handshakes only: who is
  /// connected stays. Any thread, also before listen().
  void set_password(std::string password);

  /// Instead of ServerOptions::send_timeout from each shard's next turn on (V21). not_running unless
  /// listening; overloaded: a shard's mailbox is full, nothing has changed.
  enum class Reach : uint8_t { new_clients, all_clients };
  Status set_send_timeout(std::chrono::milliseconds timeout, Reach reach = Reach::all_clients);

  /// Sends to every client that subscribed to a matching pattern, once each, the highest priority
  /// first (V2, V18, V30). ok also with
  /// no subscriber. overloaded: some interested shard cannot take it, and nobody gets it.
  Status publish(std::string_view url, const PayloadView& payload,
                 Channel channel = Channel::normal);
  /// True if at least one active, authed client would get this URL (V19). Exact.
  bool is_subscribed(std::string_view url) const;
  /// A snapshot; the highest priority first (V14). `active`: clients with an accepted handshake; `all`:
  /// also connections that have none yet. One that ends leaves connections_now first, then on_client(…, false) runs,
  /// then it is no longer here.
  enum class Clients : uint8_t { active, all };
  std::vector<RemoteClient> clients(Clients which = Clients::active) const;

  ServerStats stats() const;
  std::vector<ShardStats> shard_stats() const;
  /// Who got the password wrong, most often first (W9). Of the last 1,024 addresses; what older ones
  /// had is in ServerStats::logins_refused alone.
  std::vector<RefusedLogins> refused_logins() const;

 private:
  std::shared_ptr<ServerCore> core_;
};

}  // namespace ringroad
