// restorer.h — what a robot brings back after a reconnect: subscriptions, then values (V67, X2).
// Owner:  Session, beside its Robot.   Thread: the loop's.
// Life:   idle -> restoring -> idle; retry_refused() and make_consistent()
//         while the connection is up.
// Bound:  kSubscriptionsPerClientMax URLs of kSubscriptionBytesPerClientMax bytes, more are not
//         remembered, and whoever subscribed hears of it; one list or kAsksMax SUBSCRIBEs,
//         and kGetsMax GETs, are out.
// Fails:  a refusal keeps the URL: it is asked for again, at the latest on the next connect.
// Why here: the order of it all without sockets, so that scripted answers can check it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/call_table.h"
#include "proto/packet.h"
#include "ringroad/payload.h"
#include "ringroad/status.h"

namespace ringroad::client {

// Of one client, out at once. So a thousand subscriptions take 16 round trips where lists are misread.
inline constexpr size_t kAsksMax = 64;
inline constexpr size_t kGetsMax = 16;

class Restorer {
 public:
  enum class ListForm : uint8_t { list, one_by_one };  // one_by_one: see D2

  class Host {
   public:
    /// `done` is called once, later. False, and it is not called: no room for it now.
    virtual bool restore_request(const proto::PacketSpec& spec, CallTable::Done done) = 0;
    /// Everything was asked for. Not ok: the server does not answer.
    virtual void on_restored(const Status& status) = 0;
    /// The value of a URL, as if it had been published.
    virtual void on_value(std::string_view url, const PayloadView& payload) = 0;

   protected:
    ~Host() = default;
  };

  explicit Restorer(Host& host) : host_(host) {}

  /// The program has subscribed. Not ok: too many; these are not remembered.
  Status remember(const std::vector<std::string>& urls);
  void forget(const std::vector<std::string>& urls);
  void forget_all();

  /// Connected: subscribes to all; on_restored() follows, perhaps at once.
  void begin(ListForm form);
  /// Asks again for what was refused as unknown (D7), and for values that found no room.
  void retry();
  void make_consistent();
  /// A PUBLISH has come: it is newer than any GET that is out.
  void on_publish(std::string_view url);
  /// The connection has ended: what is out does not count any more.
  void stop();

 private:
  enum class Standing : uint8_t { accepted, unknown, refused };
  enum class Work : uint8_t { none, restoring, retrying };
  struct Ask {
    uint64_t number;
    std::vector<std::string> urls;
  };
  struct Get {
    uint64_t number;
    std::string url;
    bool superseded = false;
  };

  std::vector<std::string> next_urls();
  void send_asks();
  bool send(const Ask& ask);
  void on_answer(uint64_t number, const Result<Reply>& reply);
  void judge(const std::vector<std::string>& urls, ReplyStatus status);
  void unsubscribe(const std::string& url);
  void finish(const Status& status);
  void want_value(const std::string& url);
  void send_gets();
  void on_get(uint64_t number, const Result<Reply>& reply);

  Host& host_;
  std::map<std::string, Standing, std::less<>> urls_;
  size_t url_bytes_ = 0;
  Work work_ = Work::none;
  ListForm form_ = ListForm::list;
  std::vector<std::string> todo_;  // the last one first
  std::vector<Ask> asks_;          // out
  bool consistent_ = false;        // values were asked for on this connection
  std::vector<std::string> gets_todo_;
  std::vector<Get> gets_;  // out
  uint64_t next_number_ = 0;
};

}  // namespace ringroad::client
