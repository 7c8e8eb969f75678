// Elementary functions of doubles keep their digits where their values are small: near 0, and near 1 for log.
// RUN: %bin/nn-run --compiled %s | FileCheck %s
// CHECK-COUNT-2: ok

func.func @near_zero(%x: tensor<37xf64>) -> (tensor<37xf64>, tensor<37xf64>, tensor<37xf64>, tensor<37xf64>, tensor<37xf64>) {
  %c = nn.constant dense<1.0e-9> : tensor<37xf64>
  %s = nn.mul %x, %c : tensor<37xf64>, tensor<37xf64> -> tensor<37xf64>
  %a = nn.expm1 %s : tensor<37xf64> -> tensor<37xf64>
  %b = nn.log1p %s : tensor<37xf64> -> tensor<37xf64>
  %d = nn.tanh %s : tensor<37xf64> -> tensor<37xf64>
  %e = nn.erf %s : tensor<37xf64> -> tensor<37xf64>
  %f = nn.sin %s : tensor<37xf64> -> tensor<37xf64>
  return %a, %b, %d, %e, %f : tensor<37xf64>, tensor<37xf64>, tensor<37xf64>, tensor<37xf64>, tensor<37xf64>
}

func.func @small(%x: tensor<37xf64>) -> (tensor<37xf64>, tensor<37xf64>) {
  %c = nn.constant dense<1.0e-3> : tensor<37xf64>
  %s = nn.mul %x, %c : tensor<37xf64>, tensor<37xf64> -> tensor<37xf64>
  %a = nn.expm1 %s : tensor<37xf64> -> tensor<37xf64>
  %b = nn.log1p %s : tensor<37xf64> -> tensor<37xf64>
  return %a, %b : tensor<37xf64>, tensor<37xf64>
}
