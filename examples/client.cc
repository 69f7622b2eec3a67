// client.cc — switches the lamp of server.cc on, and hears of it.
#include <ringroad/client.h>

#include <cstdio>

int main() {
  ringroad::Client client;
  client.on_message(
      [](std::string_view url, const ringroad::PayloadView& payload, ringroad::Channel) {
        std::printf("%.*s %.*s\n", static_cast<int>(url.size()), url.data(),
                    static_cast<int>(payload.param.size()), payload.param.data());
      });
  auto status = client.connect("vsoa://127.0.0.1:3005", {.password = "123456"});
  if (status.ok()) status = client.subscribe("/lamp/");
  if (!status.ok()) return std::fprintf(stderr, "%s\n", status.message().c_str()), 1;

  auto reply =
      client.fetch("/lamp/kitchen", {.method = ringroad::Method::set, .param = R"({"on":true})"});
  if (!reply.ok()) return std::fprintf(stderr, "%s\n", reply.status().message().c_str()), 1;
  std::printf("the lamp answers %s; Enter ends\n", reply->payload.param.c_str());
  std::getchar();
}
