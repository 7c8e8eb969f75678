// Start of a generated program. An archive member of its own, so that a library build can leave it out.
#include "Program.h"

int main(int argc, char **argv) { return nnrt::runProgram(nnrt_program, argc, argv); }
