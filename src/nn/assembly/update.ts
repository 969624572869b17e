/** One optimiser step on every trained weight, over vectors; the formulas are in `../optimizers.ts`. */
import { ADAM, CONSTANTS, MOMENTUM, NESTEROV, PARAMETER_BYTES, PARAMETERS, RULE } from "./plan";

export function update(plan: usize, step: f32): void {
  const rule = load<u32>(plan + RULE);
  const size: usize = load<u32>(plan + PARAMETER_BYTES);
  const a = v128.load_splat<f32>(plan + CONSTANTS);
  const b = v128.load_splat<f32>(plan + CONSTANTS, 4);
  const c = v128.load_splat<f32>(plan + CONSTANTS, 8);
  const d = v128.load_splat<f32>(plan + CONSTANTS, 12);
  const rate = f32x4.splat(step);
  let w: usize = load<u32>(plan + PARAMETERS);
  const end = w + size;
  for (; w < end; w += 16) {
    const weight = v128.load(w);
    const g = v128.load(w + size);
    let m = v128.load(w + 2 * size);
    let v = v128.load(w + 3 * size);
    let next = weight;
    if (rule === ADAM) {
      const decayed = f32x4.sub(weight, f32x4.mul(weight, d));
      m = f32x4.add(m, f32x4.mul(f32x4.sub(g, m), a));
      v = f32x4.add(v, f32x4.mul(f32x4.sub(f32x4.mul(g, g), v), b));
      next = f32x4.sub(decayed, f32x4.div(f32x4.mul(m, rate), f32x4.add(f32x4.sqrt(v), c)));
      v128.store(w + 3 * size, v);
    } else if (rule === MOMENTUM || rule === NESTEROV) {
      const push = f32x4.mul(g, rate);
      m = f32x4.sub(f32x4.mul(m, a), push);
      next = f32x4.add(weight, rule === MOMENTUM ? m : f32x4.sub(f32x4.mul(m, a), push));
    } else {
      v = f32x4.add(f32x4.mul(v, a), f32x4.mul(f32x4.mul(g, g), b));
      m = f32x4.add(f32x4.mul(m, d), f32x4.div(f32x4.mul(g, rate), f32x4.sqrt(f32x4.add(v, c))));
      next = f32x4.sub(weight, m);
      v128.store(w + 3 * size, v);
    }
    v128.store(w + 2 * size, m);
    v128.store(w, next);
  }
}
