// --explain: what the compiler decided, for people.
#ifndef NN_TOOLS_EXPLAIN_H
#define NN_TOOLS_EXPLAIN_H

namespace llvm {
class raw_ostream;
}
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace nn {
class Machine;

/// The launches of each entry of a planned module in order, and its kernels: what each computes, how often it is
/// launched, which memory it shares and the tile plan of its contraction. Why ops were not fused and values copied the
/// passes say themselves, as remarks.
void explain(mlir::ModuleOp planned, const Machine &machine, llvm::raw_ostream &out);

} // namespace nn

#endif // NN_TOOLS_EXPLAIN_H
