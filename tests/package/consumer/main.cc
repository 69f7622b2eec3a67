// main.cc — what a server publishes reaches its client, both in this process.
#include <ringroad/client.h>
#include <ringroad/server.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <string>

int main() {
  std::promise<std::string> promise;
  auto arrived = promise.get_future();
  ringroad::Server server({.shards = 1});
  ringroad::Client client;
  client.on_message([&](std::string_view, const ringroad::PayloadView& payload, ringroad::Channel) {
    promise.set_value(std::string(payload.param));
  });

  auto status = server.listen("127.0.0.1:0");
  if (status.ok()) status = client.connect("vsoa://" + server.address());
  if (status.ok()) status = client.subscribe("/lamp");
  if (status.ok()) status = server.publish("/lamp", {.param = R"({"on":true})"});
  if (!status.ok()) return std::printf("FAIL %s\n", status.message().c_str()), 1;

  const bool in_time = arrived.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
  const bool same = in_time && arrived.get() == R"({"on":true})";
  std::puts(same ? "PASS" : "FAIL the message did not arrive as it was sent");
  return same ? 0 : 1;
}
