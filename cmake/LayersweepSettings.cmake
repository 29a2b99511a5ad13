set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(LAYERSWEEP_CCACHE ccache)
if(LAYERSWEEP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LAYERSWEEP_CCACHE})
endif()
find_program(LAYERSWEEP_MOLD mold)
if(LAYERSWEEP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Every target of ours compiles with these; LibTorch's headers come in as system headers.
add_library(layersweep_options INTERFACE)
target_compile_options(layersweep_options INTERFACE -Wall -Wextra -Wpedantic -Wno-missing-field-initializers
                       -Wno-restrict) # a false alarm of GCC 12 about std::string
if(LAYERSWEEP_WARNINGS_AS_ERRORS)
  target_compile_options(layersweep_options INTERFACE -Werror)
endif()
target_include_directories(layersweep_options INTERFACE ${CMAKE_SOURCE_DIR})

# layersweep_library(NAME SOURCES … DEPENDS …): a static library of ours.
function(layersweep_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC layersweep_options ${arg_DEPENDS})
endfunction()
