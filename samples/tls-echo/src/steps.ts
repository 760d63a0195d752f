/** A step of the demo that did not happen. */
export class StepError extends Error {}

export function say(label: string, value: string): void {
  process.stdout.write(`   ${label.padEnd(20)} ${value}\n`);
}

/** A thing that must be true for the demo to succeed. @throws StepError when it is not. */
export function happened(text: string, condition: boolean): void {
  if (!condition) throw new StepError(`This did not happen: ${text}`);
  process.stdout.write(`   ✔ ${text}\n`);
}

/** The code with which an attempt was refused, or a text that it was not refused. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'it was not refused';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}
