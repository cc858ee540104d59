#include "load/report/escape.h"

#include "load/report/utf8.h"

namespace holdfast::load {

std::string EscapeMarkup(std::string_view text) {
    std::string escaped;
    for (const std::string_view point : Utf8Points(text)) {
        const auto first = static_cast<unsigned char>(point.front());
        if (point == "&") {
            escaped += "&amp;";
        } else if (point == "<") {
            escaped += "&lt;";
        } else if (point == ">") {
            escaped += "&gt;";
        } else if (point == "\"") {
            escaped += "&quot;";
        } else if (point == "'") {
            escaped += "&#39;";
        } else if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') ||
                   point == "\xEF\xBF\xBE" || point == "\xEF\xBF\xBF") {
            escaped += "\xEF\xBF\xBD";
        } else {
            escaped += point;
        }
    }
    return escaped;
}

}  // namespace holdfast::load
