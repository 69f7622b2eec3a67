// fake_call.h — a Call for handlers that do not look at it.
#pragma once

#include <string_view>

#include "ringroad/server.h"

namespace ringroad {

class FakeCall final : public Call {
 public:
  RemoteClient client() override { return {}; }
  std::string_view url() const override { return "/"; }
  Method method() const override { return Method::get; }
  const PayloadView& payload() const override { return payload_; }
  uint32_t seqno() const override { return 0; }
  Status reply(const ReplyContent&) override { return {}; }
  Result<Stream> create_stream(StreamOptions) override {
    return Status(StatusCode::unsupported, "a fake call has no client");
  }

 private:
  PayloadView payload_;
};

}  // namespace ringroad
