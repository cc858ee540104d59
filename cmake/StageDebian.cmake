# Run by cpack between staging and packing, once for all components.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
set(version "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
file(GLOB roots "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*")
foreach(root IN LISTS roots)
  if(EXISTS "${root}/usr/etc")
    file(RENAME "${root}/usr/etc" "${root}/etc")
  endif()
  file(GLOB changelog "${root}/usr/share/doc/*/changelog")
  cmake_path(GET changelog PARENT_PATH doc)
  cmake_path(GET doc FILENAME package)
  file(WRITE "${doc}/changelog.Debian"
       "${package} (${version}) stable; urgency=medium\n\n"
       "  * Packaged from the sources; what has changed is in changelog.gz.\n\n"
       " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  execute_process(COMMAND gzip -9nf "${changelog}" "${doc}/changelog.Debian"
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
