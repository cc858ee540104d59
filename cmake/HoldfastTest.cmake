# holdfast_add_test(NAME name LABEL unit|component|e2e|sim|fuzz SOURCES files... [LIBS targets...]
#                   [TIMEOUT seconds] [PROGRAM file] [SERIAL])
#
# One GoogleTest executable, registered with ctest as one test per executable, with a label and a timeout.
# PROGRAM: the executable's name where it is not the test's.
# SERIAL: the test owns the machine while it runs (it measures memory, or starts many processes).
function(holdfast_add_test)
  cmake_parse_arguments(ARG "SERIAL" "NAME;LABEL;TIMEOUT;PROGRAM" "SOURCES;LIBS" ${ARGN})
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
  if(ARG_PROGRAM)
    set_target_properties(${ARG_NAME} PROPERTIES OUTPUT_NAME ${ARG_PROGRAM})
  endif()
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} --gtest_brief=1)
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    set_tests_properties(${ARG_NAME} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# Debian's own Python, as Debian's modules are for it; another one only where there is none.
find_program(HOLDFAST_WORKER_PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(HOLDFAST_BUILD_TESTS)
  find_program(HOLDFAST_WORKER_PYTHON3 NAMES python3 REQUIRED)
endif()

# holdfast_add_pytest(NAME name LABEL unit|e2e PATH path [TIMEOUT seconds])
#
# The tests of a folder or file, on the package holdfast_worker of this build. Skipped, with the reason, where
# a Debian package is missing.
function(holdfast_add_pytest)
  cmake_parse_arguments(ARG "" "NAME;LABEL;PATH;TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_test(NAME ${ARG_NAME}
           COMMAND "${HOLDFAST_WORKER_PYTHON3}" -B
                   "${PROJECT_SOURCE_DIR}/tests/support/python/run_pytest.py" "${ARG_PATH}")
  set_tests_properties(${ARG_NAME} PROPERTIES
    LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONPATH=${HOLDFAST_PYTHON_STAGE};HOLDFAST_TEST_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()
