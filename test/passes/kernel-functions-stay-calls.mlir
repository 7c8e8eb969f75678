// A kernel function with a direct implementation stays a call from the derivative to its kernel, and its gradient is a call
// of the written one; what stands before and behind gets kernels of its own. Without the name that code generation knows
// it by, it is its body.
// RUN: %nn-opt --target=x86-64-v4 --pass-pipeline='builtin.module(nn-to-train)' %s | FileCheck %s --check-prefix=TRAIN
// RUN: %nn-opt --target=x86-64-v4 --pass-pipeline='builtin.module(nn-to-train,nn-to-fused)' %s | FileCheck %s --check-prefix=FUSED
// RUN: sed 's/nn.kernel_fn/nn.other/' %s | %nn-opt --target=x86-64-v4 --pass-pipeline='builtin.module(nn-to-train,nn-to-fused)' | FileCheck %s --check-prefix=BODY

// TRAIN-LABEL: func.func @step
// TRAIN:         %[[T:.*]] = nn.tanh
// TRAIN:         %[[Y:.*]]:2 = nn.call @attention(%[[T]], %[[T]], %[[T]])
// TRAIN:         nn.call @attention_gradient(%[[T]], %[[T]], %[[T]], %[[Y]]#0, %[[Y]]#1, %{{.*}})

// FUSED-LABEL: func.func @step
// FUSED:         nn.launch @tanh(
// FUSED:         nn.launch @attention_{{.*}}(
// FUSED:         nn.launch @attention_gradient_{{.*}}(
// FUSED:       nn.kernel @attention_{{.*}} tasks 4
// FUSED-NEXT:    nn.call @attention(
// FUSED-NEXT:    nn.yield
// FUSED:       nn.kernel @attention_gradient_{{.*}} tasks 2
// FUSED-NEXT:    nn.call @attention_gradient(
// FUSED-NEXT:    nn.yield

// BODY-NOT: nn.call
func.func @step(%x: tensor<2x64x16xf32>) -> (tensor<f32>, tensor<2x64x16xf32>) {
  %l, %d = nn.value_and_grad @loss(%x) {wrt = array<i64: 0>} : (tensor<2x64x16xf32>) -> (tensor<f32>, tensor<2x64x16xf32>)
  return %l, %d : tensor<f32>, tensor<2x64x16xf32>
}
func.func private @loss(%x: tensor<2x64x16xf32>) -> tensor<f32> {
  %t = nn.tanh %x : tensor<2x64x16xf32> -> tensor<2x64x16xf32>
  %y, %s = nn.call @attention(%t, %t, %t) : (tensor<2x64x16xf32>, tensor<2x64x16xf32>, tensor<2x64x16xf32>) -> (tensor<2x64x16xf32>, tensor<2x64xf32>)
  %l = nn.reduce_sum %y {axes = array<i64: 0, 1, 2>} : tensor<2x64x16xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func private @attention(%q: tensor<2x64x16xf32>, %k: tensor<2x64x16xf32>, %v: tensor<2x64x16xf32>) -> (tensor<2x64x16xf32>, tensor<2x64xf32>)
    attributes {nn.gradient = @attention_gradient, nn.saved = 1 : i64, nn.kernel_fn = "attention",
                nn.constants = {causal = false, scale = 1.0 : f64}} {
  %s = nn.reduce_sum %k {axes = array<i64: 2>} : tensor<2x64x16xf32> -> tensor<2x64xf32>
  return %v, %s : tensor<2x64x16xf32>, tensor<2x64xf32>
}
func.func private @attention_gradient(%q: tensor<2x64x16xf32>, %k: tensor<2x64x16xf32>, %v: tensor<2x64x16xf32>, %y: tensor<2x64x16xf32>,
                                      %s: tensor<2x64xf32>, %dy: tensor<2x64x16xf32>) -> (tensor<2x64x16xf32>, tensor<2x64x16xf32>, tensor<2x64x16xf32>)
    attributes {nn.kernel_fn = "attention_gradient", nn.constants = {causal = false, scale = 1.0 : f64}} {
  return %q, %dy, %y : tensor<2x64x16xf32>, tensor<2x64x16xf32>, tensor<2x64x16xf32>
}
