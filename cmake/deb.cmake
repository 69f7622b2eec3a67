# deb.cmake — `cpack --config CPackConfig.cmake` in the build folder makes two Debian packages:
#   ringroad          the program; what it needs is asked of dpkg-shlibdeps
#   libringroad-dev   library, headers, CMake package, ringroad.pc
# Packages land in the build folder's packages/.
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# A project is no person and has no host: mail of tools that want an address stays on the machine.
set(CPACK_PACKAGE_CONTACT "The Ringroad developers <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package opens with its own
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_COMPONENTS_ALL runtime development)
if(NOT TARGET ringroad_program)
  set(CPACK_COMPONENTS_ALL development)
endif()

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ringroad)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "VSOA gateway for large fan-out, and tools around it
Ringroad carries messages of the VSOA protocol: one in, very many subscribers
out. This package has the program ringroad: a gateway that publishes what its
clients send, command line clients that subscribe, send, call and ping, a check
of the machine, and a demo in which every delivery is verified.

It needs Linux 6.1 or newer with io_uring allowed.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libringroad-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# pkg-config: the CMake package finds liburing by it.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "liburing-dev (>= 2.3), libsimdjson-dev (>= 3.0), libspdlog-dev (>= 1:1.10), \
libfmt-dev (>= 9.1), pkg-config")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS ringroad)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "VSOA server engine and client library for C++20
Ringroad carries messages of the VSOA protocol: one in, very many subscribers
out. This package has the static library with its headers: a server of one
thread per core over io_uring, and a client, each in a few lines.

For CMake it is find_package(ringroad CONFIG) with the target
ringroad::ringroad, for pkg-config it is ringroad.")

include(CPack)
