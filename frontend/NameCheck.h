//===- NameCheck.h - Checks that need no evaluation ---------------------------------------------------------------===//
#ifndef NN_FRONTEND_NAMECHECK_H
#define NN_FRONTEND_NAMECHECK_H

namespace nn::frontend {

class Program;
class Diagnostics;

/// Checks the user's declarations whether they are applied or not: every name means something (also in branches that
/// are not taken), no name hides another one of its file, nothing stands behind a `return`, parameters are used.
void checkNames(const Program &program, Diagnostics &diagnostics);

} // namespace nn::frontend

#endif // NN_FRONTEND_NAMECHECK_H
