# holdfast_add_plugin(name sources...)
#
# Makes the target holdfast_<name>: the plugin libholdfast_<name>.so in ${CMAKE_BINARY_DIR}/plugins.
# Only the entry symbol leaves it. Hidden visibility, the symbol map and -fno-gnu-unique keep the C++
# statics of two plugins in one process apart (RTLD_LOCAL alone does not) and let dlclose() unmap it;
# -z defs turns a forgotten library into a link error instead of a load error.
function(holdfast_add_plugin name)
  set(target holdfast_${name})
  set(symbols "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin_symbols.map")
  add_library(${target} MODULE ${ARGN})
  target_link_libraries(${target} PRIVATE holdfast::worker_sdk)
  if(TARGET holdfast_options)
    target_link_libraries(${target} PRIVATE holdfast_options)
  endif()
  target_compile_options(${target} PRIVATE
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>)
  # Log lines name the file and line that wrote them: from the project's folder on.
  target_compile_options(${target} PRIVATE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
  target_link_options(${target} PRIVATE "-Wl,--version-script=${symbols}")
  # clang leaves the sanitizers' runtime to the program that loads the plugin.
  if(NOT (HOLDFAST_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang"))
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX lib SUFFIX .so
    LINK_DEPENDS "${symbols}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
endfunction()
