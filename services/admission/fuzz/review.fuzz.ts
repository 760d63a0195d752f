import { isEnclosError } from '@enclos/errors';
import { answerReview } from '../src/review/answer.ts';
import { otherPods, podCases } from '../test/pods.ts';
import { applyTo, readAnswer, reviewOf } from '../test/reviews.ts';

export const seeds: readonly Uint8Array[] = [...podCases.map(({ pod }) => pod), ...Object.values(otherPods)].map(
  (pod) => Uint8Array.from(reviewOf(pod)),
);

/**
 * What anybody on the network can post: refused by one code, or allowed. A patch applies to the very object, and leaves
 * nothing to do.
 */
export function fuzz(data: Uint8Array): void {
  let answer: ReturnType<typeof answerReview>;
  try {
    answer = answerReview(data);
  } catch (error) {
    if (isEnclosError(error, 'ADMISSION_REVIEW_UNREADABLE')) return;
    throw error;
  }
  if (answer.fault !== undefined) throw new Error('A fault.', { cause: answer.fault });
  const { allowed, operations, warnings = [], uid } = readAnswer(answer.body);
  if (!allowed || uid !== answer.uid) throw new Error('Not allowed, or not answered.');
  if (!warnings.every((warning) => /^[\x20-\x7e]{1,256}$/.test(warning))) throw new Error('Not a warning.');
  if (operations.length === 0) return;
  const { request } = JSON.parse(Buffer.from(data).toString()) as { request: { object: never } };
  const again = readAnswer(answerReview(reviewOf(applyTo(request.object, operations))).body);
  if (again.operations.length > 0 || again.warnings !== undefined) throw new Error('The patch is not all.');
}
