/**
 * How far two lists agree in their order, [n] each: Kendall's τ = (concordant − discordant pairs)/pairs, and its standard deviation where
 * there is no relation, √(2(2n + 5)/(9n(n − 1))). Of fewer than two, τ = 0 and 1.
 */
export function kendall(z: ArrayLike<number>, y: ArrayLike<number>): { readonly tau: number; readonly chance: number } {
  const n = y.length;
  if (n < 2) return { tau: 0, chance: 1 };
  let balance = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) balance += Math.sign(z[i]! - z[j]!) * Math.sign(y[i]! - y[j]!);
  return { tau: (2 * balance) / (n * (n - 1)), chance: Math.sqrt((2 * (2 * n + 5)) / (9 * n * (n - 1))) };
}
