# layersweep_test(NAME SOURCES … DEPENDS … [LABEL unit] [TIMEOUT 60] [SANITIZE address thread] [ON_GPU]): a GoogleTest program of one
#   process; SANITIZE names the sanitizers (presets asan, tsan) under which it runs too: for tests without LibTorch and Open MPI.
#   A build with CUDA has the tests labelled gpu and those that say ON_GPU, with LAYERSWEEP_TEST_DEVICE=cuda, and no others.
# layersweep_mpi_test(NAME SOURCES … DEPENDS … RANKS 2 4 [LABEL mpi] [TIMEOUT 120]): the same program under mpirun, once per rank count.
# layersweep_fuzz_target(NAME DEPENDS …): tests/fuzz/NAME.cpp as a libFuzzer program, or as a test that replays tests/fuzz/corpus/NAME.
set(LAYERSWEEP_GPU_TEST_TIMEOUT 1500)  # tiny models take longer on a GPU
set(LAYERSWEEP_MPIRUN ${LAYERSWEEP_OPENMPI}/bin/mpirun)

function(layersweep_test_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE layersweep_options ${arg_DEPENDS} GTest::gtest GTest::gmock)
  target_compile_definitions(${name} PRIVATE LAYERSWEEP_SOURCE_DIR="${CMAKE_SOURCE_DIR}" LAYERSWEEP_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

function(layersweep_test name)
  cmake_parse_arguments(arg "ON_GPU" "LABEL;TIMEOUT" "SOURCES;DEPENDS;SANITIZE" ${ARGN})
  if(LAYERSWEEP_SANITIZER AND NOT LAYERSWEEP_SANITIZER IN_LIST arg_SANITIZE)
    return()
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(LAYERSWEEP_CUDA)
    layersweep_gpu_test(${ARGV})
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  layersweep_test_program(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

# Of layersweep_test, in a build with CUDA.
function(layersweep_gpu_test name)
  cmake_parse_arguments(arg "ON_GPU" "LABEL;TIMEOUT" "SOURCES;DEPENDS;SANITIZE" ${ARGN})
  if(NOT arg_ON_GPU AND NOT arg_LABEL STREQUAL gpu)
    return()
  endif()
  layersweep_test_program(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS gpu TIMEOUT ${LAYERSWEEP_GPU_TEST_TIMEOUT} RUN_SERIAL ON ENVIRONMENT LAYERSWEEP_TEST_DEVICE=cuda
    SKIP_REGULAR_EXPRESSION "CUDA shows no GPU")
endfunction()

function(layersweep_mpi_test name)
  if(LAYERSWEEP_SANITIZER)
    return()
  endif()
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPENDS;RANKS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL mpi)
  endif()
  if(LAYERSWEEP_CUDA AND NOT arg_LABEL STREQUAL gpu)
    return()
  endif()
  if(LAYERSWEEP_CUDA)
    set(device LAYERSWEEP_TEST_DEVICE=cuda)
    set(arg_TIMEOUT ${LAYERSWEEP_GPU_TEST_TIMEOUT})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  layersweep_test_program(${name} SOURCES ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/support/mpi_main.cpp
                          DEPENDS ${arg_DEPENDS} layersweep_mpi_transport layersweep::mpi)
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${name}.${ranks}
             COMMAND ${LAYERSWEEP_MPIRUN} --with-ft ulfm --map-by :OVERSUBSCRIBE --bind-to none -n ${ranks} -x LAYERSWEEP_TEST_RANKS=${ranks}
                     $<TARGET_FILE:${name}>
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name}.${ranks} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} PROCESSORS 2
      SKIP_REGULAR_EXPRESSION "CUDA shows no GPU"
      ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_mpi_yield_when_idle=1;${device}")
  endforeach()
endfunction()

function(layersweep_fuzz_target name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  set(program fuzz_${name})
  add_executable(${program} ${name}.cpp)
  target_link_libraries(${program} PRIVATE layersweep_options ${arg_DEPENDS})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(LAYERSWEEP_FUZZ)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(${program} PRIVATE layersweep_replay)
    add_test(NAME ${program} COMMAND ${program} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(${program} PROPERTIES LABELS fuzz TIMEOUT 60)
  endif()
endfunction()
