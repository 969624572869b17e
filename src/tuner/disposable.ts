/**
 * Frees a model or an estimator that holds memory beside JavaScript's, as those of TensorFlow.js do. Whoever had it built
 * for a trial frees it when the trial ends; what is handed to the user is the user's to free.
 */
export function disposeOf(built: unknown): void {
  const { dispose } = (built ?? {}) as { readonly dispose?: unknown };
  if (typeof dispose === "function") dispose.call(built);
}
