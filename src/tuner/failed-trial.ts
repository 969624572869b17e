/** What a hypermodel throws to say that a trial cannot succeed. */
import { AssayError } from "../errors.ts";

/**
 * Fails a trial at once, where any other error would have it retried: what is wrong is the choice of hyperparameters.
 *
 * @example if (seconds > 60) throw new FailedTrialError("The model is too slow.");
 */
export class FailedTrialError extends AssayError {
  constructor(message: string, options?: ErrorOptions) {
    super("FAILED_TRIAL", message, options);
  }
}
