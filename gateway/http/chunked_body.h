#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace holdfast::gateway::http {

/// Takes a chunked body apart with Beast's parser; trailers are checked and dropped. One for each
/// chunked request, while its body arrives.
class ChunkedBody {
  public:
    enum class Status : std::uint8_t { kMore, kDone, kInvalid, kRefused };

    /// Takes each piece of the body, in order. False ends the decoding with kRefused.
    class Sink {
      public:
        virtual bool OnPiece(std::string_view piece) = 0;

      protected:
        ~Sink() = default;
    };

    ChunkedBody();
    ~ChunkedBody();
    ChunkedBody(const ChunkedBody&) = delete;
    ChunkedBody& operator=(const ChunkedBody&) = delete;

    struct Result {
        Status status = Status::kMore;
        std::size_t consumed = 0;  ///< what remains must be given again, with more behind it
    };
    Result Feed(std::string_view data, Sink& sink);

  private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace holdfast::gateway::http
