/**
 * What an optimizer multiplies the gradient by before its step: 1, or min(1, clipNorm / (norm + 1e-6)) where norm [1], the
 * gradient's global norm, is given and clipNorm > 0 (as PyTorch's clip_grad_norm_); -1 where the norm is not finite: the step
 * is then to change nothing.
 */
export function gradientScale(norm: usize, clipNorm: f32): f32 {
  if (norm == 0) return 1;
  const value = load<f32>(norm);
  if (!isFinite<f32>(value)) return -1;
  return clipNorm > 0 ? min<f32>(1, clipNorm / (value + 1e-6)) : 1;
}
