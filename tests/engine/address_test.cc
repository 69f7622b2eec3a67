// Property: an Address is what its text says, survives the way through a sockaddr, and compares by
//         IP and port.
// Method: tables of right and wrong texts, and random addresses there and back.
#include "engine/address.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ringroad::engine {
namespace {

Address address(std::string_view text) {
  Result<Address> result = Address::parse(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().message();
  return result.ok() ? *result : Address();
}

TEST(Address, ParsesAndPrints) {
  struct Case {
    std::string_view text;
    std::string_view printed;
    int family;
    uint16_t port;
  };
  for (const Case& one :
       {Case{"1.2.3.4:5", "1.2.3.4:5", AF_INET, 5}, Case{"0.0.0.0:0", "0.0.0.0:0", AF_INET, 0},
        Case{"localhost:3005", "127.0.0.1:3005", AF_INET, 3005},
        Case{"255.255.255.255:65535", "255.255.255.255:65535", AF_INET, 65535},
        Case{"[::1]:5", "[::1]:5", AF_INET6, 5}, Case{"[::]:80", "[::]:80", AF_INET6, 80},
        Case{"[2001:DB8::0:1]:1", "[2001:db8::1]:1", AF_INET6, 1}}) {
    const Address parsed = address(one.text);
    EXPECT_TRUE(parsed.valid());
    EXPECT_EQ(parsed.to_string(), one.printed);
    EXPECT_EQ(parsed.family(), one.family);
    EXPECT_EQ(parsed.port(), one.port);
  }
}

TEST(Address, RefusesOtherTexts) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, ":"sv, "1.2.3.4"sv, "1.2.3.4:"sv, "1.2.3.4:65536"sv, "1.2.3.4:-1"sv, "1.2.3.4:+1"sv,
        "1.2.3.4: 1"sv, "1.2.3.4:1 "sv, "1.2.3:1"sv, "1.2.3.256:1"sv, "::1:5"sv, "[::1:5"sv,
        "[]:5"sv, "[1.2.3.4]:5"sv, "[::1]5"sv, "example.org:80"sv, "1.2.3.4\0:5"sv,
        "1.2.3.4\0junk:5"sv}) {
    const Result<Address> result = Address::parse(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.status().code(), StatusCode::invalid_argument);
    EXPECT_NE(result.status().message().find("expected"), std::string::npos);
  }
}

TEST(Address, SurvivesSockaddr) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    Address original = address(random() % 2 == 0 ? "1.2.3.4:5" : "[2001:db8::1]:5");
    original = original.with_port(static_cast<uint16_t>(random()));
    // The last four bytes of the IP.
    const size_t at = original.family() == AF_INET ? offsetof(sockaddr_in, sin_addr)
                                                   : offsetof(sockaddr_in6, sin6_addr) + 12;
    for (size_t byte = 0; byte < 4; ++byte) {
      reinterpret_cast<uint8_t*>(original.data())[at + byte] = static_cast<uint8_t>(random());
    }
    const Address copy = Address::from_sockaddr(original.data(), original.size());
    ASSERT_EQ(copy, original);
    ASSERT_EQ(address(original.to_string()), original);
    ASSERT_NE(copy.with_port(static_cast<uint16_t>(copy.port() + 1)), original);
  }
}

TEST(Address, RefusesShortOrForeignSockaddr) {
  const Address v4 = address("1.2.3.4:5");
  const Address v6 = address("[::1]:5");
  EXPECT_FALSE(Address::from_sockaddr(v4.data(), sizeof(sockaddr_in) - 1).valid());
  EXPECT_FALSE(Address::from_sockaddr(v6.data(), sizeof(sockaddr_in6) - 1).valid());
  EXPECT_FALSE(Address::from_sockaddr(v6.data(), 0).valid());
  sockaddr unix_address = {};
  unix_address.sa_family = AF_UNIX;
  EXPECT_FALSE(Address::from_sockaddr(&unix_address, sizeof(unix_address)).valid());
  EXPECT_EQ(Address(), Address());
  EXPECT_NE(Address(), address("0.0.0.0:0"));
}

TEST(Address, MappedV4EqualsV4) {
  EXPECT_EQ(address("[::ffff:1.2.3.4]:5"), address("1.2.3.4:5"));
  EXPECT_NE(address("[::ffff:1.2.3.4]:5"), address("1.2.3.5:5"));
  EXPECT_NE(address("[::1.2.3.4]:5"), address("1.2.3.4:5"));
  EXPECT_TRUE(address("[::ffff:1.2.3.4]:5").same_ip(address("1.2.3.4:6")));
}

TEST(Address, KnowsWildcardAndLoopback) {
  for (const auto text : {"0.0.0.0:1", "[::]:1"}) EXPECT_TRUE(address(text).is_wildcard());
  for (const auto text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(address(text).is_loopback()) << text;
    EXPECT_FALSE(address(text).is_wildcard()) << text;
  }
  for (const auto text : {"128.0.0.1:1", "[::2]:1", "0.0.0.0:1", "[::]:1", "[::ffff:1.2.3.4]:1"}) {
    EXPECT_FALSE(address(text).is_loopback()) << text;
  }
  EXPECT_FALSE(Address().is_loopback());
  EXPECT_FALSE(Address().is_wildcard());
}

TEST(Address, F12_AMappedAddressReadsAsIPv4) {
  EXPECT_EQ(address("[::ffff:1.2.3.4]:5").to_string(), "1.2.3.4:5");
  EXPECT_EQ(address("[::ffff:1.2.3.4]:5").host(), "1.2.3.4");
  EXPECT_EQ(address("1.2.3.4:5").host(), "1.2.3.4");
  EXPECT_EQ(address("[2001:db8::1]:5").host(), "2001:db8::1");
  EXPECT_TRUE(address("[::ffff:1.2.3.4]:5").is_v4_mapped());
  EXPECT_FALSE(address("[2001:db8::1]:5").is_v4_mapped());
  EXPECT_FALSE(address("1.2.3.4:5").is_v4_mapped());
  EXPECT_EQ(Address().to_string(), "none");
}

}  // namespace
}  // namespace ringroad::engine
