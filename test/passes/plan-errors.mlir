// An owned value must be declared: other entries find it by that.
// RUN: %nn-opt --nn-plan-memory --verify-diagnostics %s

// expected-error @below {{owns 'w', which the module's list of owned values lacks}}
func.func @f(%w: tensor<4xf32> {nn.role = "param", nn.name = "w"}) {
  return
}
