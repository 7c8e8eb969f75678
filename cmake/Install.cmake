# `cmake --install`: the tools, the runtime archives that they link into programs (one per target), library and examples.
# nnc finds the archives at ../lib from its own place, in a build folder and in an installation alike.
foreach(tool nnc nn-opt)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION bin)
  endif()
endforeach()
install(DIRECTORY ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/ DESTINATION lib FILES_MATCHING PATTERN "libnnrt*.a")
if(EXISTS ${PROJECT_SOURCE_DIR}/stdlib)
  install(DIRECTORY stdlib DESTINATION share/nnc FILES_MATCHING PATTERN "*.nn")
endif()
install(DIRECTORY examples DESTINATION share/nnc FILES_MATCHING PATTERN "*.nn")
install(FILES LICENSE README.md DESTINATION share/nnc)
