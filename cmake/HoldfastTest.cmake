# holdfast_add_test(NAME name LABEL unit|component|e2e|sim|fuzz SOURCES files... [LIBS targets...]
#                   [TIMEOUT seconds] [SERIAL])
#
# One GoogleTest executable, registered with ctest as one test per executable, with a label and a timeout.
# SERIAL: the test owns the machine while it runs (it measures memory, or starts many processes).
function(holdfast_add_test)
  cmake_parse_arguments(ARG "SERIAL" "NAME;LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE holdfast_options ${ARG_LIBS} GTest::gmock GTest::gtest
                                            GTest::gtest_main)
  # A test's own code need not be fast; its compilation does.
  if(HOLDFAST_SANITIZE)
    target_compile_options(${ARG_NAME} PRIVATE -O0)
  else()
    target_compile_options(${ARG_NAME} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} --gtest_brief=1)
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    set_tests_properties(${ARG_NAME} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()
