/**
 * Which back end computes. The WebAssembly one lacks the gradients of convolutions and embeddings (`Conv2DBackpropFilter`,
 * `UnsortedSegmentSum`); a training that needs them goes on with the plain JavaScript one, and says so.
 */
import { show, ValidationError } from "../../errors.ts";
import type { Api } from "./framework.ts";

/** Makes `name` the back end, or waits for the one there is. @throws ValidationError when it is not registered */
export async function useBackend(tf: Api, name: string | undefined): Promise<void> {
  if (name === undefined) return tf.ready();
  if (tf.getBackend() === name) return;
  let cause: unknown;
  const isSet = await tf.setBackend(name).catch((error: unknown) => {
    cause = error;
    return false;
  });
  if (isSet) return;
  throw new ValidationError(
    `\`backend\` must be the name of a back end that TensorFlow.js can start here, but got ${show(name)}. Import its package first, such as "@tensorflow/tfjs-backend-${name}".`,
    { cause },
  );
}

export interface BackendFallback {
  /** Runs a step of a training, on the back end `cpu` from the first step on that the present one cannot do. */
  run<T>(step: () => T, undo: () => void): Promise<T>;
  /** Goes back to the back end that there was. */
  end(): Promise<void>;
}

export function backendFallback(tf: Api, warn: (message: string) => void): BackendFallback {
  const before = tf.getBackend();
  return {
    run: async (step, undo) => {
      try {
        return step();
      } catch (error) {
        const missing = /^Kernel '(\w+)' not registered for backend '(\w+)'/.exec(
          (error as Error | null)?.message ?? "",
        );
        if (missing === null || missing[2] === "cpu") throw error;
        discardTape(tf);
        if (!(await tf.setBackend("cpu").catch(() => false))) throw error;
        warn(
          `The ${missing[2]} back end of TensorFlow.js lacks ${missing[1]}, which this training needs, so the training runs on the slower cpu back end. Choose \`backend: "cpu"\` to have it so from the start, and silence this.`,
        );
        undo();
        return step();
      }
    },
    end: async () => {
      if (tf.getBackend() !== before) await tf.setBackend(before);
    },
  };
}

/** An interrupted gradient leaves what it saved for the way back; TensorFlow.js frees it only when the way was gone to its end. */
function discardTape(tf: Api): void {
  const { state } = tf.engine();
  for (const { saved = [] } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = null;
}
