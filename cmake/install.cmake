# install.cmake — what `cmake --install` puts where. Included with RINGROAD_INSTALL only.
#   component runtime      the program and what its operators read
#   component development  libringroad.a, the public headers, the CMake package, ringroad.pc
# The build tree keeps one library per folder; users get one that holds the objects of all.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(folders GLOBAL PROPERTY RINGROAD_FOLDERS)
list(TRANSFORM folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
add_library(ringroad_archive STATIC ${objects})
set_target_properties(ringroad_archive PROPERTIES
  OUTPUT_NAME ringroad
  EXPORT_NAME ringroad
  LINKER_LANGUAGE CXX
  ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
target_compile_features(ringroad_archive INTERFACE cxx_std_20)
# Private to the library, yet part of every link: ringroadConfig.cmake finds the same four, and
# ringroad.pc names them. None of their flags reaches who compiles against our headers.
target_link_libraries(ringroad_archive
  PUBLIC Threads::Threads
  PRIVATE PkgConfig::LIBURING simdjson::simdjson spdlog::spdlog fmt::fmt)

# No installed file names a path of the machine that built it: neither CHECK's messages nor debug
# information. ccache makes source paths relative to where the compiler runs, hence the last option.
cmake_path(RELATIVE_PATH PROJECT_SOURCE_DIR BASE_DIRECTORY "${CMAKE_BINARY_DIR}"
           OUTPUT_VARIABLE source_from_build)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  foreach(target IN LISTS folders ITEMS ringroad_tools ringroad_program)
    if(TARGET ${target})
      target_compile_options(${target} PRIVATE
        "-ffile-prefix-map=${CMAKE_BINARY_DIR}=build"
        "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
        "-ffile-prefix-map=${source_from_build}/=")
    endif()
  endforeach()
endif()

# ---- runtime ----------------------------------------------------------------------------------

if(TARGET ringroad_program)
  install(TARGETS ringroad_program
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
endif()
install(FILES CHANGELOG.md docs/OPERATIONS.md docs/RELIABILITY.md docs/SECURITY.md docs/WIRE.md
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/ringroad" COMPONENT runtime)
# Where, and under which name, Debian looks for the licence of a package.
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/ringroad"
        RENAME copyright COMPONENT runtime)

# ---- development ------------------------------------------------------------------------------

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ringroad")
install(TARGETS ringroad_archive EXPORT ringroad
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY include/ringroad DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT development FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/libringroad-dev"
        RENAME copyright COMPONENT development)

install(EXPORT ringroad NAMESPACE ringroad:: FILE ringroadTargets.cmake
        DESTINATION "${package_dir}" COMPONENT development)
configure_package_config_file(
  cmake/ringroadConfig.cmake.in "${PROJECT_BINARY_DIR}/package/ringroadConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/ringroadConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)

# The prefix as seen from ringroad.pc, so that an installed tree can be moved. Appending an absolute
# folder replaces what was there.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
           OUTPUT_VARIABLE pc_dir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${pc_dir}/pkgconfig"
           OUTPUT_VARIABLE pc_prefix)
cmake_path(APPEND pc_libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND pc_includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
configure_file(cmake/ringroad.pc.in "${PROJECT_BINARY_DIR}/package/ringroad.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/ringroadConfig.cmake"
              "${PROJECT_BINARY_DIR}/package/ringroadConfigVersion.cmake"
        DESTINATION "${package_dir}" COMPONENT development)
install(FILES "${PROJECT_BINARY_DIR}/package/ringroad.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

# `cmake --install --strip` and cpack leave static libraries alone; nine tenths of ours is debug
# information, which the linker does not need.
configure_file(cmake/strip_archive.cmake.in "${PROJECT_BINARY_DIR}/package/strip_archive.cmake"
               @ONLY)
install(SCRIPT "${PROJECT_BINARY_DIR}/package/strip_archive.cmake" COMPONENT development)
