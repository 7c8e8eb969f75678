// A kernel that was planned with too little workspace is refused.
// RUN: %nn-opt --target=x86-64-v4 --nn-emit-kernels --verify-diagnostics %s

// expected-error @+1 {{needs 4096 bytes of workspace on x86-64-v4, its plan has 64}}
nn.kernel @centred(%a: tensor<1024x100xf32>) -> tensor<1024x100xf32> tasks 8 attributes {nn.workspace = 64 : i64} {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<1024x100xf32> -> tensor<1024xf32>
  %b = nn.broadcast %m {dims = array<i64: 0>} : tensor<1024xf32> -> tensor<1024x100xf32>
  %y = nn.sub %a, %b : tensor<1024x100xf32>, tensor<1024x100xf32> -> tensor<1024x100xf32>
  nn.yield %y : tensor<1024x100xf32>
}
