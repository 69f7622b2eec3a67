// Property: the playground does what `ringroad playground --help` says, to the byte, whatever it is
//         asked.
// Method: the library's client against it in this process; raw packets where a client is too polite.
#include "tools/playground.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/system/live_server.h"
#include "tests/tools/program.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

using testing::LiveClient;
using testing::wait_until;

uint16_t port_of(const Playground& playground) {
  const std::string address = playground.address();
  return static_cast<uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
}

class PlaygroundTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status listening = playground_.listen("127.0.0.1:0");
    ASSERT_TRUE(listening.ok()) << listening.message();
    const Status connected = client_->connect("vsoa://" + playground_.address());
    ASSERT_TRUE(connected.ok()) << connected.message();
  }

  Reply call(const std::string& url, const std::string& param = "", const std::string& data = "",
             Method method = Method::get) {
    const Result<Reply> reply =
        client_->fetch(url, {.method = method, .param = param, .data = data});
    EXPECT_TRUE(reply.ok()) << url << ": " << reply.status().message();
    return reply.ok() ? *reply : Reply();
  }
  std::string param_of(const std::string& url, const std::string& param = "") {
    const Reply reply = call(url, param);
    EXPECT_EQ(reply.status, ReplyStatus::success) << url << ' ' << param;
    return reply.payload.param;
  }
  void publish_rounds(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(playground_.publish_round().ok());
  }

  ClientLoop loop_;
  Playground playground_{{}};
  LiveClient client_{loop_};
};

TEST_F(PlaygroundTest, V30_PrioIsThisClientsOwn) {
  EXPECT_EQ(param_of("/prio"), R"({"prio":0})");
  EXPECT_EQ(call("/prio", R"({"prio":5,"other":1})", "", Method::set).payload.param,
            R"({"prio":5})");
  EXPECT_EQ(param_of("/prio"), R"({"prio":5})");
  LiveClient other(loop_);
  ASSERT_TRUE(other->connect("vsoa://" + playground_.address()).ok());
  EXPECT_EQ(other->fetch("/prio")->payload.param, R"({"prio":0})");
  for (const char* bad : {R"({"prio":8})", R"({"prio":-1})", R"({"prio":1.5})", R"({"prio":"1"})",
                          R"({"prio":4294967297})", "5", "{}", "[]", "", "{"}) {
    EXPECT_EQ(call("/prio", bad, "", Method::set).status, ReplyStatus::arguments) << bad;
  }
  EXPECT_EQ(param_of("/prio"), R"({"prio":5})") << "what is refused changes nothing";
}

TEST_F(PlaygroundTest, EchoesParamAndData) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  for (const std::string param : {"", "{}", R"({"b":1,  "a":[1.50,"é"]})", "42", "null"}) {
    for (const Method method : {Method::get, Method::set}) {
      const Reply reply = call("/echo", param, all_bytes, method);
      EXPECT_EQ(reply.status, ReplyStatus::success);
      EXPECT_EQ(reply.payload.param, param);
      EXPECT_EQ(reply.payload.data, all_bytes);
    }
  }
}

TEST_F(PlaygroundTest, AddsNumbers) {
  EXPECT_EQ(param_of("/add", R"({"a":19,"b":23})"), R"({"sum":42})");
  EXPECT_EQ(param_of("/add", R"({"a":-1,"b":0.5})"), R"({"sum":-0.5})");
  EXPECT_EQ(param_of("/add", R"({"a":9007199254740993,"b":0})"), R"({"sum":9007199254740993})");
  EXPECT_TRUE(same_json(param_of("/add", R"({"a":9223372036854775807,"b":1})"),
                        R"({"sum":9223372036854775808.0})"));
  for (const char* bad : {"", "42", "[19,23]", "{}", R"({"a":19})", R"({"a":"19","b":23})",
                          R"({"a":1e308,"b":1e308})", "{not json"}) {
    const Reply reply = call("/add", bad);
    EXPECT_EQ(reply.status, ReplyStatus::arguments) << bad;
    EXPECT_EQ(reply.payload.param, "") << bad;
  }
}

TEST_F(PlaygroundTest, WildTakesWhatIsBelow_C4) {
  for (const char* url : {"/wild", "/wild/", "/wild/x", "/wild/x/y", "/wild//x"}) {
    EXPECT_EQ(param_of(url), std::string(R"({"url":")") + url + R"("})");
  }
  EXPECT_EQ(call("/wildx").status, ReplyStatus::invalid_url);
  EXPECT_TRUE(same_json(param_of("/wild/\"q\\\x01"), "{\"url\":\"/wild/\\\"q\\\\\\u0001\"}"));
}

// Ringroad's own client refuses to send such a URL.
TEST_F(PlaygroundTest, WildAnswersJsonWhateverTheUrlIs_A12) {
  const std::string address = playground_.address();
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  support::PeerSocket peer = support::connect_peer(static_cast<uint16_t>(port));
  ASSERT_TRUE(peer.write({.type = 1, .seqno = 7, .url = "/wild/\xff\xfe"}));
  const support::WirePacket reply = peer.read_packet();
  EXPECT_EQ(reply.seqno, 7U);
  EXPECT_EQ(reply.status, 0);
  EXPECT_TRUE(JsonValue::parse(reply.param)) << reply.param;
}

TEST_F(PlaygroundTest, SaysWhenAnAnswerFitsNoPacket) {
  // Escaped, this URL has six times as many bytes.
  const Reply wild = call("/wild/" + std::string(65'000, '\x01'));
  EXPECT_EQ(wild.status, ReplyStatus::no_memory);
  EXPECT_EQ(wild.payload.param, "");
  // The param fits into a datagram, but not with words around it.
  const std::string param = '"' + std::string(262'110, 'x') + '"';
  ASSERT_TRUE(client_->datagram("/a", {.param = param}).ok());
  EXPECT_EQ(call("/dgram/last").status, ReplyStatus::no_memory);
  ASSERT_TRUE(client_->datagram("/a", {.param = "1"}).ok());
  EXPECT_EQ(param_of("/dgram/last"),
            R"({"n":2,"last":{"url":"/a","quick":false,"param":1,"len":0}})");
}

TEST_F(PlaygroundTest, TellsTheMethodAndFailsWhenAsked) {
  EXPECT_EQ(call("/method").payload.param, R"({"method":0})");
  EXPECT_EQ(call("/method", "", "", Method::set).payload.param, R"({"method":1})");
  for (const int status : {0, 1, 2, 3, 99, 128, 254, 255}) {
    const Reply reply = call("/fail", "{\"status\":" + std::to_string(status) + "}");
    EXPECT_EQ(static_cast<int>(reply.status), status);
    EXPECT_EQ(reply.payload.param, R"({"error":"asked"})");
  }
  for (const char* bad : {"", "{}", R"({"status":256})", R"({"status":-1})", R"({"status":1.5})",
                          R"({"status":"1"})"}) {
    const Reply reply = call("/fail", bad);
    EXPECT_EQ(reply.status, ReplyStatus::arguments) << bad;
    EXPECT_EQ(reply.payload.param, "") << bad;
  }
}

TEST_F(PlaygroundTest, RefusesEveryOtherUrl_C3) {
  for (const char* url : {"/", "/ech", "/echo/", "/echo/x", "/add/1", "/dgram", "/tick"}) {
    const Reply reply = call(url, "{}");
    EXPECT_EQ(reply.status, ReplyStatus::invalid_url) << url;
    EXPECT_EQ(reply.payload.param, "") << url;
  }
}

TEST_F(PlaygroundTest, PublishesRounds) {
  ASSERT_TRUE(client_->subscribe("/").ok());
  constexpr int kRounds = 300;  // n&255 wraps
  publish_rounds(kRounds);
  const auto is_normal = [](const testing::Inbox::Message& m) {
    return m.channel == Channel::normal;
  };
  std::vector<testing::Inbox::Message> got;
  ASSERT_TRUE(wait_until([&] {
    got = client_.messages.all();
    return std::count_if(got.begin(), got.end(), is_normal) >= 4 * kRounds;
  }));
  got.erase(std::remove_if(got.begin(), got.end(), [&](const auto& m) { return !is_normal(m); }),
            got.end());
  ASSERT_EQ(got.size(), size_t{4} * kRounds);
  for (int n = 1; n <= kRounds; ++n) {
    const auto* round = &got[static_cast<size_t>(4 * (n - 1))];
    const std::string number = std::to_string(n);
    EXPECT_EQ(round[0].url, "/tick");
    EXPECT_EQ(round[0].param, "{\"n\":" + number + "}");
    EXPECT_EQ(round[0].data, "");
    for (int id = 1; id <= 3; ++id) {
      EXPECT_EQ(round[id].url, "/fleet/" + std::to_string(id) + "/pos");
      EXPECT_EQ(round[id].param,
                "{\"id\":" + std::to_string(id) + ",\"x\":" + number + ",\"y\":-" + number + "}");
      EXPECT_EQ(round[id].data, (std::string{static_cast<char>(id), static_cast<char>(n & 255)}));
    }
  }
}

TEST_F(PlaygroundTest, PublishesQuickTicks) {
  ASSERT_TRUE(client_->subscribe("/qtick").ok());
  // A datagram may be lost: until one is there.
  ASSERT_TRUE(wait_until([&] {
    publish_rounds(1);
    return client_.messages.size() > 0;
  }));
  const testing::Inbox::Message message = client_.messages.last();
  EXPECT_EQ(message.url, "/qtick");
  EXPECT_EQ(message.channel, Channel::quick);
  EXPECT_EQ(message.data, "Q");
  const auto param = JsonValue::parse(message.param);
  ASSERT_TRUE(param);
  EXPECT_GE(param->member("n")->integer().value_or(0), 1);
}

TEST_F(PlaygroundTest, SendsDatagramsBack) {
  EXPECT_EQ(param_of("/dgram/last"), R"({"n":0,"last":null})");
  const std::string bytes("\0\xff!", 3);
  ASSERT_TRUE(client_->datagram("/a/b", {.param = R"({"k":[1]})", .data = bytes}).ok());
  ASSERT_TRUE(wait_until([&] { return client_.data.size() == 1; }));
  EXPECT_EQ(client_.data.last().url, "/a/b");
  EXPECT_EQ(client_.data.last().param, R"({"k":[1]})");
  EXPECT_EQ(client_.data.last().data, bytes);
  EXPECT_EQ(client_.data.last().channel, Channel::normal);
  EXPECT_EQ(param_of("/dgram/last"),
            R"({"n":1,"last":{"url":"/a/b","quick":false,"param":{"k":[1]},"len":3}})");

  ASSERT_TRUE(wait_until([&] {  // may be lost
    return client_->datagram("/q", {.data = "Q"}, Channel::quick).ok() && client_.data.size() > 1;
  }));
  EXPECT_EQ(client_.data.last().url, "/q");
  EXPECT_EQ(client_.data.last().channel, Channel::quick);
  const auto last = JsonValue::parse(param_of("/dgram/last"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->member("last")->text(), R"({"len":1,"param":null,"quick":true,"url":"/q"})");
}

TEST_F(PlaygroundTest, SendsBackToTheSenderOnly) {
  LiveClient other(loop_);
  ASSERT_TRUE(other->connect("vsoa://" + playground_.address()).ok());
  ASSERT_TRUE(client_->subscribe("/").ok());
  ASSERT_TRUE(other->subscribe("/").ok());
  constexpr int kEach = 20;
  for (int i = 0; i < kEach; ++i) {
    ASSERT_TRUE(client_->datagram("/mine", {}).ok());
    ASSERT_TRUE(other->datagram("/theirs", {}).ok());
  }
  ASSERT_TRUE(client_->ping().ok());  // TCP keeps the order: what is coming has come
  ASSERT_TRUE(other->ping().ok());
  const auto last = JsonValue::parse(param_of("/dgram/last"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->member("n")->integer(), 2 * kEach);
  ASSERT_EQ(client_.data.size(), size_t{kEach});
  ASSERT_EQ(other.data.size(), size_t{kEach});
  for (const auto& message : client_.data.all()) EXPECT_EQ(message.url, "/mine");
  for (const auto& message : other.data.all()) EXPECT_EQ(message.url, "/theirs");
  // Nothing is published but what a round publishes.
  EXPECT_EQ(client_.messages.size(), 0u);
  EXPECT_EQ(other.messages.size(), 0u);
}

TEST_F(PlaygroundTest, CountsADatagramWithoutUrl_E1) {
  support::PeerSocket peer = support::connect_peer(port_of(playground_));
  ASSERT_TRUE(peer.write(support::WirePacket{.type = 0x00}));
  ASSERT_EQ(peer.read_packet().magic, 0x29);
  ASSERT_TRUE(peer.write(support::WirePacket{.type = 0x05, .param = "{not json", .data = "xyz"}));
  ASSERT_TRUE(peer.write(support::WirePacket{.type = 0xff, .seqno = 7}));
  const support::WirePacket next = peer.read_packet();  // and not the datagram
  EXPECT_EQ(next.type, 0xff);
  EXPECT_EQ(next.seqno, 7u);
  EXPECT_EQ(param_of("/dgram/last"),
            R"({"n":1,"last":{"url":"","quick":false,"param":null,"len":3}})");
}

TEST_F(PlaygroundTest, SurvivesHostileParams) {
  const std::string deep(262'000, '[');
  EXPECT_EQ(call("/add", deep).status, ReplyStatus::arguments);
  EXPECT_EQ(call("/add", "{\"a\":" + deep).status, ReplyStatus::arguments);
  EXPECT_EQ(call("/fail", deep).status, ReplyStatus::arguments);
  EXPECT_EQ(call("/echo", deep).payload.param, deep);
  ASSERT_TRUE(client_->datagram("/deep", {.param = deep}).ok());
  ASSERT_TRUE(wait_until([&] { return client_.data.size() == 1; }));
  EXPECT_TRUE(same_json(param_of("/dgram/last"),
                        R"({"n":1,"last":{"url":"/deep","quick":false,"param":null,"len":0}})"));
  const std::string nested = std::string(100'000, '[') + std::string(100'000, ']');  // JSON
  ASSERT_TRUE(client_->datagram("/deep", {.param = nested}).ok());
  EXPECT_EQ(param_of("/dgram/last"),
            R"({"n":2,"last":{"url":"/deep","quick":false,"param":)" + nested + R"(,"len":0}})");
}

TEST(Playground, WantsItsPassword) {
  Playground playground({.password = "pw"});
  ASSERT_TRUE(playground.listen("127.0.0.1:0").ok());
  Client client;
  const std::string url = "vsoa://" + playground.address();
  EXPECT_EQ(client.connect(url).code(), StatusCode::wrong_password);
  EXPECT_EQ(client.connect(url, {.password = "PW"}).code(), StatusCode::wrong_password);
  EXPECT_TRUE(client.connect(url, {.password = "pw"}).ok());
}

TEST(Playground, CountsWhatCouldNotGoBack_D22) {
  Playground playground({});
  ASSERT_TRUE(playground.listen("127.0.0.1:0").ok());
  const uint16_t port = port_of(playground);
  // By UDP from a client that announced no port: nowhere to send it to.
  support::PeerSocket peer = support::connect_peer(port);
  ASSERT_TRUE(peer.write(support::WirePacket{.type = 0x00}));
  const std::string id = peer.read_packet().data;
  ASSERT_EQ(id.size(), 4u);
  std::string packet = support::WirePacket{.type = 0x05, .url = "/q"}.bytes();
  packet.replace(4, 4, id);  // as seqno
  support::UdpPeer udp;
  Client watcher;
  ASSERT_TRUE(watcher.connect("vsoa://" + playground.address()).ok());
  ASSERT_TRUE(wait_until([&] {  // may be lost
    const Result<Reply> last = watcher.fetch("/dgram/last");
    return udp.send_to(port, packet) && last.ok() &&
           last->payload.param.find("/q") != std::string::npos;
  }));
  ASSERT_TRUE(watcher.datagram("/a", {}).ok());  // this one can
  ASSERT_TRUE(watcher.ping().ok());
  playground.stop();
  EXPECT_GE(playground.counts().datagrams, 2u);
  EXPECT_EQ(playground.counts().echoes_refused, playground.counts().datagrams - 1);
}

TEST(Playground, CountsWhatCouldNotBePublished) {
  Playground playground({});
  ASSERT_TRUE(playground.listen("127.0.0.1:0").ok());
  ASSERT_TRUE(playground.publish_round().ok());
  playground.stop();
  EXPECT_EQ(playground.counts().rounds, 1u);
  EXPECT_EQ(playground.counts().publishes_refused, 0u);
  EXPECT_FALSE(playground.publish_round().ok());
  EXPECT_EQ(playground.counts().rounds, 2u);
  EXPECT_EQ(playground.counts().publishes_refused, 5u);
}

TEST(PlaygroundProgram, ServesUntilInterrupted) {
  Program program({"playground", "--listen", "127.0.0.1:0"});
  const std::string line = program.line_with("serving vsoa://127.0.0.1:");
  ASSERT_NE(line, "");
  const std::string url = line.substr(line.find("vsoa://"),
                                      line.find(' ', line.find("vsoa://")) - line.find("vsoa://"));
  Client client;
  ASSERT_TRUE(client.connect(url).ok());
  testing::Inbox ticks;
  Client listener;
  listener.on_message(ticks.handler());
  ASSERT_TRUE(listener.connect(url).ok());
  ASSERT_TRUE(listener.subscribe("/tick").ok());
  EXPECT_TRUE(wait_until([&] { return ticks.size() >= 2; }));
  program.signal(SIGINT);
  EXPECT_EQ(program.exit_code(), 0);
  EXPECT_NE(program.text().find("rounds, 0 messages refused"), std::string::npos) << program.text();
}

TEST(PlaygroundProgram, SaysWhyItCannotListen) {
  Playground first({});
  ASSERT_TRUE(first.listen("127.0.0.1:0").ok());
  Program second({"playground", "--listen", first.address()});
  EXPECT_EQ(second.exit_code(), 3);
  EXPECT_NE(second.text().find(first.address()), std::string::npos) << second.text();
}

TEST(PlaygroundProgram, WrongUsageIsExitTwo) {
  for (const char* address : {"nonsense", "127.0.0.1:99999", ":"}) {
    Program program({"playground", "--listen", address});
    EXPECT_EQ(program.exit_code(), 2) << address;
    EXPECT_NE(program.text().find(address), std::string::npos) << program.text();
  }
  EXPECT_EQ(Program({"playground", "--frobnicate"}).exit_code(), 2);
}

TEST(PlaygroundProgram, HelpHasTheContract) {
  Program program({"playground", "--help"});
  EXPECT_EQ(program.exit_code(), 0);
  for (const char* part : {"/echo", "/add", "/wild/", "/method", "/fail", "/dgram/last", "/tick",
                           "/fleet/1/pos", "/qtick", "status 3", "Example", "ringroad conform"}) {
    EXPECT_NE(program.text().find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace ringroad::tools
