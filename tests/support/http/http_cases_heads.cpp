#include "tests/support/http/http_cases.h"

namespace holdfast::test {
namespace {

using namespace std::string_literals;

constexpr bool kCloses = true;
constexpr bool kStays = false;

const std::string kHost = "Host: h\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kGet = "GET /echo HTTP/1.1\r\nHost: h\r\n";

std::string ManyHeaders(int count) {
    std::string text = kGet;
    for (int i = 1; i < count; ++i) text += "a" + std::to_string(i) + ": b\r\n";
    return text + "\r\n";
}

}  // namespace

HttpCaseGroup LinesCases() {
    return {
        "Header lines",
        {
            {"empty value", "9110 5.5", kGet + "X:\r\n\r\n", {200}, kStays},
            {"value beyond ASCII", "9110 5.5", kGet + "X: \xc3\xa4\xff\r\n\r\n", {200}, kStays},
            {"tab in a value", "9110 5.5", kGet + "X: a\tb\r\n\r\n", {200}, kStays},
            {"one name twice", "9110 5.3", kGet + "X: a\r\nX: b\r\n\r\n", {200}, kStays},
            {"head that never ends",
             "9112 8",
             "GET /echo HTTP/1.1\r\nHost: h\r\n",
             {},
             kCloses,
             {},
             true},
            {"space before the colon", "9112 5.1", kPost + "Content-Length : 4\r\n\r\nabcd", {400}},
            {"tab before the colon",
             "9112 5.1",
             kPost + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
             {400}},
            {"folded header", "9112 5.2", kGet + "X: a\r\n b\r\n\r\n", {400}},
            {"folded length", "9112 5.2", kPost + "Content-Length:\r\n 4\r\n\r\nabcd", {400}},
            {"folded first header", "9112 5.2", "GET /echo HTTP/1.1\r\n Host: h\r\n\r\n", {400}},
            {"bare LF after a header", "9112 2.2", kGet + "X: a\nY: b\r\n\r\n", {400}},
            {"bare LF for the empty line",
             "9112 2.2",
             "GET /echo HTTP/1.1\r\nHost: h\r\n\n",
             {400}},
            {"bare LF after the request line",
             "9112 2.2",
             "GET /echo HTTP/1.1\nHost: h\r\n\r\n",
             {400}},
            {"bare CR in a value",
             "9112 2.2",
             kGet + "X: a\rTransfer-Encoding: chunked\r\n\r\n",
             {400}},
            {"CR CR LF", "9112 2.2", kGet + "X: a\r\r\n\r\n", {400}},
            {"NUL in a value", "9110 5.5", kGet + "X: a\0b\r\n\r\n"s, {400}},
            {"NUL in a name", "9110 5.5", kGet + "X\0: a\r\n\r\n"s, {400}},
            {"control byte in a value", "9110 5.5", kGet + "X: a\x01\r\n\r\n", {400}},
            {"header without a colon", "9112 5.1", kGet + "nonsense\r\n\r\n", {400}},
            {"header without a name", "9110 5.1", kGet + ": a\r\n\r\n", {400}},
            {"name that is no token", "9110 5.1", kGet + "a(b): c\r\n\r\n", {400}},
            {"name beyond ASCII", "9110 5.1", kGet + "x\xc3\xa4: c\r\n\r\n", {400}},
        }};
}

HttpCaseGroup HostCases() {
    return {
        "Host",
        {
            {"Host with a port",
             "9112 3.2",
             "GET /echo HTTP/1.1\r\nHost: h:80\r\n\r\n",
             {200},
             kStays},
            {"Host with an IPv6 address",
             "9112 3.2",
             "GET /echo HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
             {200},
             kStays},
            {"absolute target of the same host",
             "9112 3.2.2",
             "GET http://h/echo HTTP/1.1\r\nHost: h\r\n\r\n",
             {200},
             kStays},
            {"no Host in HTTP/1.0", "9112 3.2", "GET /echo HTTP/1.0\r\n\r\n", {200}},
            {"no Host", "9112 3.2", "GET /echo HTTP/1.1\r\n\r\n", {400}},
            {"two Hosts", "9112 3.2", kGet + kHost + "\r\n", {400}},
            {"empty Host", "9112 3.2", "GET /echo HTTP/1.1\r\nHost:\r\n\r\n", {400}},
            {"Host with a path", "9112 3.2", "GET /echo HTTP/1.1\r\nHost: h/x\r\n\r\n", {400}},
            {"Host with user info", "9112 3.2", "GET /echo HTTP/1.1\r\nHost: a@h\r\n\r\n", {400}},
            {"Host list", "9112 3.2", "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n", {400}},
            {"Host with a bad port", "9112 3.2", "GET /echo HTTP/1.1\r\nHost: h:x\r\n\r\n", {400}},
            {"absolute target of another host",
             "9112 3.2.2",
             "GET http://other/echo HTTP/1.1\r\nHost: h\r\n\r\n",
             {400}},
            {"absolute target with user info",
             "9112 3.2.2",
             "GET http://a@h/echo HTTP/1.1\r\nHost: h\r\n\r\n",
             {400}},
            {"absolute target of another scheme",
             "9112 3.2.2",
             "GET ftp://h/echo HTTP/1.1\r\nHost: h\r\n\r\n",
             {400}},
        }};
}

HttpCaseGroup LimitsCases() {
    return {
        "Limits",
        {

            {"long target",
             "9110 15.5.15",
             "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
             {414}},
            {"endless request line", "9110 15.5.15", "GET /" + std::string(12'000, 'a'), {414}},
            {"large header", "6585 5", kGet + "X: " + std::string(17'000, 'a') + "\r\n\r\n", {431}},
            {"endless header", "6585 5", kGet + "X: " + std::string(20'000, 'a'), {431}},
            {"101 headers", "6585 5", ManyHeaders(101), {431}},
            {"100 headers", "6585 5", ManyHeaders(100), {200}, kStays},
            {"many connection options",
             "9110 7.6.1",
             kGet + "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n\r\n",
             {400}},
        }};
}

}  // namespace holdfast::test
