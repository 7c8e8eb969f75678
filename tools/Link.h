// From object files to a program: runs lld with the runtime's archive and the system's C and C++ libraries.
#ifndef NN_TOOLS_LINK_H
#define NN_TOOLS_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace nn {

/// Why a program could not be linked, in words for the user, and the exit status that tools should give.
struct LinkError {
  std::string message, hint;
  int status = 0; ///< 0: no error; 1: the output cannot be written; 3: the machine lacks something
};

struct LinkOptions {
  std::string triple;  ///< of the target; empty: the compiler's own
  std::string runtime; ///< libnnrt.a for the target; see findRuntime
  std::string output;  ///< replaced atomically
  bool keepSymbols = true;
  bool images = false; ///< the program decodes pictures, through libpng and libjpeg
};

/// The runtime's archive for a triple, looked for beside the running tool: ../lib/libnnrt.a, for another architecture
/// than the compiler's ../lib/ARCH/libnnrt.a. Empty if it is not there; `looked` says where that would be.
std::string findRuntime(llvm::StringRef tool, llvm::StringRef triple, std::string &looked);

/// Links `objects` (contents of object files).
LinkError link(llvm::ArrayRef<llvm::SmallVector<char, 0>> objects, const LinkOptions &options);

} // namespace nn

#endif // NN_TOOLS_LINK_H
