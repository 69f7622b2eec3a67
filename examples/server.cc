// server.cc — a lamp: answers calls to /lamp/..., and publishes its state when it changes.
#include <ringroad/server.h>

#include <cstdio>

int main() {
  bool on = false;  // one shard: one thread calls the handler
  const auto state = [&on] { return on ? R"({"on":true})" : R"({"on":false})"; };

  ringroad::Server server({.info = R"({"name":"lamp"})", .password = "123456", .shards = 1});
  server.command("/lamp/", [&](ringroad::Call& call) {
    if (call.method() == ringroad::Method::set) on = call.payload().param == R"({"on":true})";
    call.reply({.param = state()});
    server.publish("/lamp/state", {.param = state()});
  });
  if (auto status = server.listen("0.0.0.0:3005"); !status.ok()) {
    return std::fprintf(stderr, "%s\n", status.message().c_str()), 1;
  }
  std::printf("a lamp is at vsoa://%s; Enter ends it\n", server.address().c_str());
  std::getchar();
}
