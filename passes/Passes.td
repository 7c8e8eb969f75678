// The passes over nn modules, in the order in which the pipeline runs them.
#ifndef NN_PASSES_TD
#define NN_PASSES_TD

include "mlir/Pass/PassBase.td"

/// A pass that asks the target for plans, which may take trial code in these dialects.
class PlanningPass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def SimplifyScansPass : Pass<"nn-simplify-scans", "::mlir::ModuleOp"> {
  let summary = "Make scans take, carry and emit no more than they need";
  let description = [{
    What a step takes of a tensor at its own position becomes an element of a sequence, whose gradient is a sequence too.
  }];
  let constructor = "::nn::createSimplifyScansPass()";
}

def AutodiffPass : Pass<"nn-autodiff", "::mlir::ModuleOp"> {
  let summary = "Replace every nn.value_and_grad by the function's body and its derivative in reverse mode";
  let description = [{
    Gradients are computed for values that depend on the listed inputs only, and add up in a fixed order. A call
    of a function with a written gradient becomes a call of that gradient; other calls are inlined and
    differentiated through. Functions without a use are removed afterwards.
  }];
  let constructor = "::nn::createAutodiffPass()";
}

def RoundProductsPass : Pass<"nn-round-products", "::mlir::ModuleOp"> {
  let summary = "Round the operands of products to the module's nn.precision";
  let description = "The results are other ones, on purpose; sums and what is stored stay f32.";
  let constructor = "::nn::createRoundProductsPass()";
}

def SimplifyPass : Pass<"nn-simplify", "::mlir::ModuleOp"> {
  let summary = "Fold, canonicalise, eliminate common subexpressions and dead code";
  let description = [{
    Beside the ops' own folds: transposes become labels of contractions, elementwise ops on equally broadcast
    operands move in front of the broadcast, sums of broadcasts become products, chains of moves become one
    move.
  }];
  let constructor = "::nn::createSimplifyPass()";
}

def InlineKernelFunctionsPass : Pass<"nn-inline-kernel-functions", "::mlir::ModuleOp"> {
  let summary = "Inline calls of functions for which the target has no direct implementation";
  let constructor = "::nn::createInlineKernelFunctionsPass(target)";
}

def WidenHalvesPass : Pass<"nn-widen-halves", "::mlir::ModuleOp"> {
  let summary = "Compute in f32 what is stored as bf16 or f16";
  let description = "Every result is rounded once; reductions, products and windows sum in f32.";
  let constructor = "::nn::createWidenHalvesPass()";
}

def MoveOutOfScansPass : Pass<"nn-move-out-of-scans", "::mlir::ModuleOp"> {
  let summary = "Compute in front of a loop or behind it, for all steps at once, what the steps do not wait for";
  let description = [{
    In front of it: products of what depends on no carried value, and elementwise ops on their results. Behind it: products
    that only stacked results depend on, and sums over the steps, so that the gradient of a weight is one product.
  }];
  let constructor = "::nn::createMoveOutOfScansPass()";
}

def PanelScanWeightsPass : Pass<"nn-panel-scan-weights", "::mlir::ModuleOp"> {
  let summary = "Lay weights that all steps of a loop multiply with into panels, in front of the loop";
  let constructor = "::nn::createPanelScanWeightsPass(target)";
}

def SplitReductionsPass : Pass<"nn-split-reductions", "::mlir::ModuleOp"> {
  let summary = "Cut large reductions with few results into partial ones, so that threads have work";
  let description = "How many parts is a function of the shape alone: results do not depend on the number of threads.";
  let constructor = "::nn::createSplitReductionsPass()";
}

def ChooseLayoutsPass : Pass<"nn-choose-layouts", "::mlir::ModuleOp"> {
  let summary = "Store activations with the batch innermost where that keeps the vector lanes full";
  let description = [{
    Decides per entry function from its contractions, convolutions and windows. Arguments and results keep the
    canonical row-major order.
  }];
  let constructor = "::nn::createChooseLayoutsPass(target)";
}

def GroupPass : Pass<"nn-group", "::mlir::ModuleOp"> {
  let summary = "Wrap ops that will be one kernel into nn.group";
  let constructor = "::nn::createGroupPass()";
}

def OutlineKernelsPass : PlanningPass<"nn-outline-kernels"> {
  let summary = "Make every nn.group an nn.launch of an nn.kernel; equal groups share a kernel";
  let constructor = "::nn::createOutlineKernelsPass(target)";
}

def PlanMemoryPass : PlanningPass<"nn-plan-memory"> {
  let summary = "Order the launches and give every value an offset in the arena";
  let description = [{
    Owned values (parameters, states, slots, tallies) fill one persistent range at the same offsets in every
    entry; an entry that replaces one writes it in place, after the readers of the old value, or through one
    copy where that is impossible. Sets `nn.offset` on arguments and owned values, `offsets` and `barrier` on
    launches, and the module's byte counts.
  }];
  let constructor = "::nn::createPlanMemoryPass(target)";
}

def LowerToReferencePass : Pass<"nn-lower-to-reference", "::mlir::ModuleOp"> {
  let summary = "Lower the whole module to linalg on tensors, op by op";
  let description = [{
    Groups, kernels and launches become their ops, nn.call becomes func.call, layouts are dropped and bytes become i8.
    The result is slow and obviously right: what optimised programs are compared with.
  }];
  let constructor = "::nn::createLowerToReferencePass()";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif
