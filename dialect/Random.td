// Counter-based random numbers: the same for any number of threads, any split of the batch and any resume.
#ifndef NN_RANDOM_TD
#define NN_RANDOM_TD

include "dialect/Dialect.td"

def NN_RandomUniformOp : NN_Op<"random_uniform", [Pure, NoGradient, DeclareOpInterfaceMethods<ElementOpInterface>,
    DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>]> {
  let summary = "Numbers uniform in [0, 1), drawn from a counter";
  let description = [{
    Philox4x32-10 (Salmon et al., 2011). The key is the seed; the counter is (logical element, step, `path`, `draw`,
    `application`); an element is the first output word's upper 24 bits times 2^-24. `path` is a hash of the owner's path.

    ```mlir
    %y = nn.random_uniform %seed, %step {path = 7 : i64, draw = 0 : i64, application = 0 : i64}
       : tensor<i64>, tensor<i64> -> tensor<4x3xf32>
    ```
  }];
  let shapes = "Any shape.";
  let cost = "0";
  let arguments = (ins NN_IntScalar:$seed, NN_IntScalar:$step, I64Attr:$path, I64Attr:$draw, I64Attr:$application);
  let results = (outs NN_FloatTensor:$y);
  let assemblyFormat = "$seed `,` $step attr-dict `:` type($seed) `,` type($step) `->` type($y)";
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return 0; } }];
}

#endif
