#include "worker/plugins/orders/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace holdfast::orders {
namespace {

using testing::HasSubstr;

OrderRequest Valid(const std::string& body) {
    auto result = ParseOrderRequest(body);
    if (const auto* problem = std::get_if<Problem>(&result)) {
        ADD_FAILURE() << body << ": " << problem->field << " " << problem->detail;
        return {};
    }
    return std::get<OrderRequest>(result);
}

std::string WithLines(const std::string& lines) {
    return R"({"customer":"c-42","currency":"EUR","lines":)" + lines + "}";
}

std::string WithQuantity(const std::string& quantity) {
    return WithLines(R"([{"sku":"tea-250","quantity":)" + quantity + "}]");
}

TEST(Validation, ReadsAGoodOrder) {
    const OrderRequest order = Valid(
        R"({"customer":"c-42","lines":[{"sku":"tea-250","quantity":2},{"quantity":1,"sku":"é"}],)"
        R"("currency":"EUR"})");
    EXPECT_EQ(order.customer, "c-42");
    EXPECT_EQ(order.currency, "EUR");
    ASSERT_EQ(order.lines.size(), 2U);
    EXPECT_EQ(order.lines[0].sku, "tea-250");
    EXPECT_EQ(order.lines[0].quantity, 2);
    EXPECT_EQ(order.lines[1].sku, "é");
}

TEST(Validation, TakesTheLargestQuantityThatFits) {
    EXPECT_EQ(Valid(WithQuantity("9223372036854775807")).lines[0].quantity, INT64_MAX);
}

struct Refused {
    const char* name;
    std::string body;
    std::string slug;
    std::string field;
    std::string detail;
};

class RefusedOrder : public testing::TestWithParam<Refused> {};

TEST_P(RefusedOrder, NamesTheField) {
    const auto result = ParseOrderRequest(GetParam().body);
    ASSERT_TRUE(std::holds_alternative<Problem>(result)) << GetParam().body;
    const Problem& problem = std::get<Problem>(result);
    EXPECT_EQ(problem.status, 400U);
    EXPECT_EQ(problem.slug, GetParam().slug);
    EXPECT_EQ(problem.field, GetParam().field);
    EXPECT_THAT(problem.detail, HasSubstr(GetParam().detail));
}

const char kInvalid[] = "invalid-order";
const char kMalformed[] = "malformed-json";

std::string Nested(std::size_t depth) {
    return WithLines(std::string(depth, '[') + std::string(depth, ']'));
}

std::string ManyLines(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
        lines += (i == 0 ? "" : ",");
        lines += R"({"sku":"s)" + std::to_string(i) + R"(","quantity":1})";
    }
    return WithLines("[" + lines + "]");
}

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedOrder,
    testing::Values(
        Refused{"Empty", "", kMalformed, "body", "not valid JSON"},
        Refused{"Cut", R"({"customer":)", kMalformed, "body", "not valid JSON: line 1, column "},
        Refused{"Trailing", WithQuantity("1") + "x", kMalformed, "body",
                "not valid JSON: line 1, column "},
        Refused{"Comment", "/* */" + WithQuantity("1"), kMalformed, "body",
                "not valid JSON: line 1, column "},
        Refused{"DoubleMember", R"({"customer":"a","customer":"b","lines":[],"currency":"EUR"})",
                kMalformed, "body", "twice"},
        Refused{"DoubleMemberByEscape", R"({"customer":"a","cu\u0073tomer":"b"})", kMalformed,
                "body", "twice"},
        Refused{"DoubleMemberInside", WithLines(R"([{"sku":"a","sku":"a","quantity":1}])"),
                kMalformed, "body", "twice"},
        Refused{"Deep", Nested(8), kMalformed, "body", "deep"},
        Refused{"VeryDeep", Nested(500'000), kMalformed, "body", "deep"},
        Refused{"BadUtf8",
                R"({"customer":")"
                "\xc3\x28"
                R"("})",
                kMalformed, "body", "not valid JSON: line 1, column "},
        Refused{"OverlongUtf8",
                R"({"customer":")"
                "\xc0\xaf"
                R"("})",
                kMalformed, "body", ""},
        Refused{"LoneSurrogate", R"({"customer":"\ud800"})", kMalformed, "body", ""},
        Refused{"Nul", std::string(R"({"customer":"a)") + '\0' + "\"}", kMalformed, "body", ""},
        Refused{"HugeExponent", WithQuantity("1e999"), kMalformed, "body", "range"},
        Refused{"Array", "[]", kInvalid, "body", "object"},
        Refused{"Number", "7", kInvalid, "body", "object"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Members, RefusedOrder,
    testing::Values(
        Refused{"NoCustomer", R"({"lines":[],"currency":"EUR"})", kInvalid, "customer", "missing"},
        Refused{"NoLines", R"({"customer":"c","currency":"EUR"})", kInvalid, "lines", "missing"},
        Refused{"NoCurrency", R"({"customer":"c","lines":[]})", kInvalid, "currency", "missing"},
        Refused{"Unknown", R"({"customer":"c","lines":[],"currency":"EUR","color":1})", kInvalid,
                "color", "no such member"},
        Refused{"CustomerNumber", R"({"customer":1,"lines":[],"currency":"EUR"})", kInvalid,
                "customer", "string"},
        Refused{"CustomerNull", R"({"customer":null,"lines":[],"currency":"EUR"})", kInvalid,
                "customer", "string"},
        Refused{"CustomerEmpty", R"({"customer":"","lines":[],"currency":"EUR"})", kInvalid,
                "customer", "empty"},
        Refused{"CustomerLong",
                R"({"customer":")" + std::string(129, 'c') + R"(","lines":[],"currency":"EUR"})",
                kInvalid, "customer", "128"},
        Refused{"CustomerControl", R"({"customer":"a\nb","lines":[],"currency":"EUR"})", kInvalid,
                "customer", "control"},
        Refused{"CustomerNul", R"({"customer":"a\u0000b","lines":[],"currency":"EUR"})", kInvalid,
                "customer", "control"},
        Refused{"CurrencyLower", R"({"customer":"c","lines":[],"currency":"eur"})", kInvalid,
                "currency", "three-letter"},
        Refused{"CurrencyShort", R"({"customer":"c","lines":[],"currency":"EU"})", kInvalid,
                "currency", "three-letter"},
        Refused{"LinesObject", WithLines("{}"), kInvalid, "lines", "array"},
        Refused{"LinesEmpty", WithLines("[]"), kInvalid, "lines", "at least one"},
        Refused{"LinesMany", ManyLines(101), kInvalid, "lines", "100"},
        Refused{"LineNumber", WithLines("[1]"), kInvalid, "lines[0]", "object"},
        Refused{"NoSku", WithLines(R"([{"quantity":1}])"), kInvalid, "lines[0].sku", "missing"},
        Refused{"NoQuantity", WithLines(R"([{"sku":"a"}])"), kInvalid, "lines[0].quantity",
                "missing"},
        Refused{"LineUnknown", WithLines(R"([{"sku":"a","quantity":1,"price":0}])"), kInvalid,
                "lines[0].price", "no such member"},
        Refused{"SkuNumber", WithLines(R"([{"sku":7,"quantity":1}])"), kInvalid, "lines[0].sku",
                "string"},
        Refused{"SkuTwice",
                WithLines(R"([{"sku":"a","quantity":1},{"sku":"b","quantity":1},)"
                          R"({"sku":"a","quantity":2}])"),
                kInvalid, "lines[2].sku", "earlier line"},
        Refused{"QuantityZero", WithQuantity("0"), kInvalid, "lines[0].quantity", "at least 1"},
        Refused{"QuantityMinusZero", WithQuantity("-0"), kInvalid, "lines[0].quantity", ""},
        Refused{"QuantityNegative", WithQuantity("-1"), kInvalid, "lines[0].quantity",
                "at least 1"},
        Refused{"QuantityFraction", WithQuantity("1.5"), kInvalid, "lines[0].quantity", "integer"},
        Refused{"QuantityFloat", WithQuantity("2.0"), kInvalid, "lines[0].quantity", "integer"},
        Refused{"QuantityText", WithQuantity("\"2\""), kInvalid, "lines[0].quantity", "integer"},
        Refused{"QuantityTrue", WithQuantity("true"), kInvalid, "lines[0].quantity", "integer"},
        Refused{"QuantityBeyond63Bits", WithQuantity("9223372036854775808"), kInvalid,
                "lines[0].quantity", "too large"},
        Refused{"QuantityBeyond64Bits", WithQuantity("18446744073709551616"), kInvalid,
                "lines[0].quantity", "integer"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Validation, TakesExactlyTheMostLines) {
    EXPECT_EQ(Valid(ManyLines(100)).lines.size(), 100U);
}

TEST(Validation, KnowsAUuidByItsForm) {
    EXPECT_EQ(ParseUuid("018F4B1E-7c2a-7d3e-9a51-2b6f0c9d8e7f"),
              "018f4b1e-7c2a-7d3e-9a51-2b6f0c9d8e7f");
    for (const char* text :
         {"", "7", "018f4b1e-7c2a-7d3e-9a51-2b6f0c9d8e7", "018f4b1e-7c2a-7d3e-9a51-2b6f0c9d8e7g",
          "018f4b1e07c2a-7d3e-9a51-2b6f0c9d8e7f", "018f4b1e-7c2a-7d3e-9a51-2b6f0c9d8e7f0"}) {
        EXPECT_EQ(ParseUuid(text), std::nullopt) << text;
    }
}

TEST(Validation, ChecksTheIdempotencyKey) {
    EXPECT_FALSE(CheckIdempotencyKey(""));
    EXPECT_FALSE(CheckIdempotencyKey("\"8e03978e-40d5\""));
    EXPECT_FALSE(CheckIdempotencyKey(std::string(255, 'k')));
    for (const std::string& key :
         {std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa9"),
          std::string("a\0b", 3), std::string("a\x7f")}) {
        const auto problem = CheckIdempotencyKey(key);
        ASSERT_TRUE(problem);
        EXPECT_EQ(problem->status, 400U);
        EXPECT_EQ(problem->field, "Idempotency-Key");
    }
}

TEST(Fingerprint, IsOfTheMeaningAndNotOfTheSpelling) {
    const std::string first = Fingerprint(Valid(WithQuantity("2")));
    EXPECT_EQ(first.size(), 64U);
    EXPECT_EQ(Fingerprint(Valid(R"( {"lines":[{"quantity":2,"sku":"tea\u002d250"}],)"
                                R"("currency":"EUR",  "customer":"c-42"})")),
              first);
    EXPECT_NE(Fingerprint(Valid(WithQuantity("3"))), first);
    OrderRequest other = Valid(WithQuantity("2"));
    other.customer = "c-43";
    EXPECT_NE(Fingerprint(other), first);
}

}  // namespace
}  // namespace holdfast::orders
