# Writes OUTPUT, a source that holds the files of FLOWS as text. Their names, without .yaml, are those
# that the command line takes; the description is the line that begins with "description: ".
set(_text "#include \"load/flow/flow.h\"\n\nnamespace holdfast::load {\n\n")
string(APPEND _text "std::vector<ReadyFlow> ReadyFlows() {\n    return {\n")
foreach(_file IN LISTS FLOWS)
  get_filename_component(_name "${_file}" NAME_WE)
  file(READ "${_file}" _yaml)
  if(NOT _yaml MATCHES "\ndescription: ([^\n]+)\n")
    message(FATAL_ERROR "${_file} has no line that begins with 'description: '")
  endif()
  string(APPEND _text "        {R\"~(${_name})~\", R\"~(${CMAKE_MATCH_1})~\", R\"~(${_yaml})~\"},\n")
endforeach()
string(APPEND _text "    };\n}\n\n}  // namespace holdfast::load\n")
file(WRITE "${OUTPUT}" "${_text}")
