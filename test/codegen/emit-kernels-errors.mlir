// A kernel that was planned with too little workspace is refused; one that calls what has no direct implementation, too.
// RUN: %nn-opt --target=x86-64-v4 --nn-emit-kernels --split-input-file --verify-diagnostics %s

// expected-error @+1 {{needs 4096 bytes of workspace on x86-64-v4, its plan has 64}}
nn.kernel @centred(%a: tensor<1024x100xf32>) -> tensor<1024x100xf32> tasks 8 attributes {nn.workspace = 64 : i64} {
  %m = nn.reduce_max %a {axes = array<i64: 1>} : tensor<1024x100xf32> -> tensor<1024xf32>
  %b = nn.broadcast %m {dims = array<i64: 0>} : tensor<1024xf32> -> tensor<1024x100xf32>
  %y = nn.sub %a, %b : tensor<1024x100xf32>, tensor<1024x100xf32> -> tensor<1024x100xf32>
  nn.yield %y : tensor<1024x100xf32>
}

// -----

// expected-error @+1 {{calls @tanh, which has no direct implementation for these types on x86-64-v4}}
nn.kernel @unknown(%x: tensor<4xf32>) -> tensor<4xf32> tasks 1 {
  %y = nn.call @tanh(%x) : (tensor<4xf32>) -> tensor<4xf32>
  nn.yield %y : tensor<4xf32>
}
func.func private @tanh(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.kernel_fn = "tanh", nn.constants = {}} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{calls @attention, which has no direct implementation for these types on x86-64-v4}}
nn.kernel @few_queries(%q: tensor<1x2x8xf32>, %k: tensor<1x2x8xf32>, %v: tensor<1x2x8xf32>) -> tensor<1x2x8xf32> tasks 1 {
  %y, %s = nn.call @attention(%q, %k, %v) : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2xf32>)
  nn.yield %y : tensor<1x2x8xf32>
}
func.func private @attention(%q: tensor<1x2x8xf32>, %k: tensor<1x2x8xf32>, %v: tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2xf32>)
    attributes {nn.kernel_fn = "attention", nn.constants = {causal = false, scale = 1.0 : f64}} {
  %s = nn.constant dense<0.0> : tensor<1x2xf32>
  return %q, %s : tensor<1x2x8xf32>, tensor<1x2xf32>
}
