# holdfast_embed(TARGET target HEADER header NAMESPACE namespace NAME name FILES file...)
#
# Adds a generated source to the target that defines the std::string_view `name` with the files one
# after another, and `nameSha256` with its SHA-256 in hexadecimal. The header, the caller's own,
# declares both as `extern const`.
function(holdfast_embed)
  cmake_parse_arguments(ARG "" "TARGET;HEADER;NAMESPACE;NAME" "FILES" ${ARGN})
  set(_text "")
  foreach(_file ${ARG_FILES})
    file(READ "${CMAKE_CURRENT_SOURCE_DIR}/${_file}" _content)
    string(APPEND _text "${_content}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_file}")
  endforeach()
  string(SHA256 _sha256 "${_text}")
  set(_source "${CMAKE_CURRENT_BINARY_DIR}/${ARG_NAME}.embedded.cpp")
  file(CONFIGURE OUTPUT "${_source}" CONTENT [==[
#include "@ARG_HEADER@"

namespace @ARG_NAMESPACE@ {

const std::string_view @ARG_NAME@ = R"__embedded__(@_text@)__embedded__";
const std::string_view @ARG_NAME@Sha256 = "@_sha256@";

}  // namespace @ARG_NAMESPACE@
]==] @ONLY)
  target_sources(${ARG_TARGET} PRIVATE "${_source}")
endfunction()
