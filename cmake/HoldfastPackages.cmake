# What is installed beside programs, plugins and headers, and the Debian packages made of it all:
# `./dev package`, or cpack in the build directory. One package for each component.
set(CPACK_PACKAGE_NAME holdfast)
set(HOLDFAST_PACKAGE_CONTACT "Holdfast maintainers <holdfast@example.org>" CACHE STRING
    "Who stands for the packages: Maintainer, as \"name <address>\"")
set(CPACK_PACKAGE_CONTACT "${HOLDFAST_PACKAGE_CONTACT}")
# Else CPack puts it in front of each package's own synopsis.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# What Debian wants otherwise than an install tree: /etc, and changelogs.
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/StageDebian.cmake")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# holdfast_package(component [NAME holdfast-<component>] SECTION section DESCRIPTION synopsis lines... [ALL] [DEPENDS ...]
#                  [RECOMMENDS ...] [CONFFILES file]): a macro, as CPack reads plain variables.
macro(holdfast_package component)
  cmake_parse_arguments(ARG "ALL" "NAME;SECTION;DEPENDS;RECOMMENDS;SUGGESTS;CONFFILES" "DESCRIPTION" ${ARGN})
  string(TOUPPER ${component} _upper)
  if(NOT ARG_NAME)
    set(ARG_NAME holdfast-${component})
  endif()
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${_upper}_PACKAGE_NAME ${ARG_NAME})
  set(CPACK_DEBIAN_${_upper}_PACKAGE_SECTION ${ARG_SECTION})
  string(REPLACE ";" "\n" CPACK_COMPONENT_${_upper}_DESCRIPTION "${ARG_DESCRIPTION}")
  foreach(_field DEPENDS RECOMMENDS SUGGESTS)
    if(ARG_${_field})
      set(CPACK_DEBIAN_${_upper}_PACKAGE_${_field} "${ARG_${_field}}")
    endif()
  endforeach()
  if(ARG_ALL)
    set(CPACK_DEBIAN_${_upper}_PACKAGE_ARCHITECTURE all)
    set(CPACK_DEBIAN_${_upper}_PACKAGE_SHLIBDEPS OFF)
  endif()
  if(ARG_CONFFILES)
    set(CPACK_DEBIAN_${_upper}_PACKAGE_CONTROL_EXTRA "${ARG_CONFFILES}")
  endif()
  # Only in packages: EXCLUDE_FROM_ALL leaves it out of a plain `cmake --install`.
  install(FILES "${PROJECT_SOURCE_DIR}/deploy/debian/copyright"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${ARG_NAME}"
          COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${ARG_NAME}" RENAME changelog
          COMPONENT ${component} EXCLUDE_FROM_ALL)
endmacro()

set(CPACK_COMPONENTS_ALL)
holdfast_package(gateway SECTION httpd RECOMMENDS holdfast-tools SUGGESTS holdfast-worker
  CONFFILES "${PROJECT_SOURCE_DIR}/deploy/debian/conffiles"
  DESCRIPTION "HTTP front that holds requests, not threads: the gateway"
    "Takes HTTP requests, suspends each of them without a thread, hands them to"
    "worker processes over ZeroMQ, and answers when the reply comes or the"
    "deadline passes, in strictly bounded memory.")
holdfast_package(worker SECTION httpd SUGGESTS holdfast-gateway
  DESCRIPTION "HTTP front that holds requests, not threads: the worker"
    "Loads a plugin, connects to the gateways that it is told of, and gives the"
    "plugin their requests. Comes with two plugins: echo, the smallest there is,"
    "and orders, which prices and stores orders in SQLite.")
holdfast_package(tools SECTION net RECOMMENDS holdfast-gateway
  DESCRIPTION "HTTP front that holds requests, not threads: the tools"
    "holdfastctl looks at a running gateway, steers it over its ops port, and"
    "writes the project of a new plugin. holdfast-load loads an order flow by the"
    "clock, checks every answer and compares them with the database.")
holdfast_package(dev SECTION devel ALL
  RECOMMENDS "holdfast-worker, holdfast-tools, cmake, g++ (>= 4:12) | clang (>= 1:14), libgtest-dev"
  SUGGESTS "holdfast-gateway"
  DESCRIPTION "HTTP front that holds requests, not threads: plugin development"
    "The headers of the plugin interface, in C and in C++20, with their CMake"
    "package and pkg-config file, and the wire contract for workers in other"
    "languages.")

holdfast_package(python NAME python3-holdfast-worker SECTION python ALL
  DEPENDS "python3 (>= 3.11), python3-zmq, python3-protobuf"
  RECOMMENDS holdfast-tools SUGGESTS "holdfast-gateway, python3-pytest"
  DESCRIPTION "HTTP front that holds requests, not threads: workers in Python"
    "The package holdfast_worker serves a gateway's requests with plain or async"
    "functions in Python, and calls them in tests without a gateway.")

install(FILES "${PROJECT_SOURCE_DIR}/deploy/gateway.yaml"
        DESTINATION "${CMAKE_INSTALL_SYSCONFDIR}/holdfast" COMPONENT gateway)
install(FILES "${PROJECT_SOURCE_DIR}/deploy/systemd/holdfast-gateway.service"
        DESTINATION lib/systemd/system COMPONENT gateway)
install(FILES "${PROJECT_SOURCE_DIR}/deploy/systemd/holdfast-worker@.service"
        DESTINATION lib/systemd/system COMPONENT worker)
install(FILES "${PROJECT_SOURCE_DIR}/deploy/systemd/worker-orders.env"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/holdfast-worker/examples" COMPONENT worker)
foreach(_doc config encryption failure life_of_a_request memory tls)
  install(FILES "${PROJECT_SOURCE_DIR}/docs/${_doc}.md"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/holdfast-gateway" COMPONENT gateway)
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/docs/worker.md"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/holdfast-worker" COMPONENT worker)
foreach(_doc ops load load-flows load-result)
  install(FILES "${PROJECT_SOURCE_DIR}/docs/${_doc}.md"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/holdfast-tools" COMPONENT tools)
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/docs/plugins.md"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/holdfast-dev" COMPONENT dev)
install(FILES "${PROJECT_SOURCE_DIR}/docs/python.md"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/python3-holdfast-worker" COMPONENT python)

# The target `installed` is all that `cmake --install` needs: programs, plugins and what is generated
# for Python, without the tests that `all` has.
function(holdfast_installed_targets folder result)
  get_property(_targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(_folders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(_folder IN LISTS _folders)
    holdfast_installed_targets("${_folder}" _more)
    list(APPEND _targets ${_more})
  endforeach()
  set(_found)
  foreach(_target IN LISTS _targets)
    get_target_property(_type ${_target} TYPE)
    get_target_property(_apart ${_target} EXCLUDE_FROM_ALL)
    if(_type MATCHES "^(EXECUTABLE|MODULE_LIBRARY)$" AND NOT _apart)
      list(APPEND _found ${_target})
    endif()
  endforeach()
  set(${result} ${_found} PARENT_SCOPE)
endfunction()
add_custom_target(installed DEPENDS holdfast_worker_python)
get_property(_parts DIRECTORY "${PROJECT_SOURCE_DIR}" PROPERTY SUBDIRECTORIES)
list(REMOVE_ITEM _parts "${PROJECT_SOURCE_DIR}/tests")
foreach(_part IN LISTS _parts)
  holdfast_installed_targets("${_part}" _targets)
  if(_targets)
    add_dependencies(installed ${_targets})
  endif()
endforeach()

include(CPack)
